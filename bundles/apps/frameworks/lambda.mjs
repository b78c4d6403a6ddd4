// A server that calls a Lambda handler as API Gateway does (HTTP API, payload format 2.0). ADAPTER names the package
// that makes the handler, most of them from an application.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listening, options, placeOrder } from './shop.mjs';

const adapters = {
  'serverless-http': async () => {
    const { default: serverless } = await import('serverless-http');
    return serverless((await import('./express.mjs')).app);
  },
  '@codegenie/serverless-express': async () => {
    const { default: serverlessExpress } = await import('@codegenie/serverless-express');
    return serverlessExpress({ app: (await import('./express.mjs')).app });
  },
  '@vendia/serverless-express': async () => {
    const { default: serverlessExpress } = await import('@vendia/serverless-express');
    return serverlessExpress({ app: (await import('./express.mjs')).app });
  },
  '@h4ad/serverless-adapter': async () => {
    const { ServerlessAdapter } = await import('@h4ad/serverless-adapter');
    const { ExpressFramework } = await import('@h4ad/serverless-adapter/frameworks/express');
    const { ApiGatewayV2Adapter } = await import('@h4ad/serverless-adapter/adapters/aws');
    const { DefaultHandler } = await import('@h4ad/serverless-adapter/handlers/default');
    const { PromiseResolver } = await import('@h4ad/serverless-adapter/resolvers/promise');
    return ServerlessAdapter.new((await import('./express.mjs')).app)
      .setFramework(new ExpressFramework())
      .setHandler(new DefaultHandler())
      .setResolver(new PromiseResolver())
      .addAdapter(new ApiGatewayV2Adapter())
      .build();
  },
  '@fastify/aws-lambda': async () => {
    const { default: awsLambda } = await import('@fastify/aws-lambda');
    return awsLambda((await import('./fastify.mjs')).app);
  },
  'latchkey/lambda': async () => {
    const { idempotency } = await import('latchkey/lambda');
    const guard = idempotency(await options((event) => event.headers['x-account']));
    return guard.withContext(async (context, event) => {
      const order = await placeOrder(context, JSON.parse(event.body));
      return { statusCode: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) };
    });
  },
};

function eventOf(request, body) {
  const { method, url: rawPath, headers } = request;
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers,
    requestContext: { accountId: '1', apiId: 'a', stage: '$default', requestId: randomUUID(), timeEpoch: 0, http },
    body,
    isBase64Encoded: false,
  };
}

const handler = await adapters[process.env.ADAPTER]();

const server = createServer(async (request, response) => {
  const event = eventOf(request, await text(request));
  const invocation = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 30_000 };
  const { statusCode, headers = {}, body = '', isBase64Encoded } = await handler(event, invocation);
  response.writeHead(statusCode, headers).end(body, isBase64Encoded ? 'base64' : 'utf8');
});
server.listen(0, '127.0.0.1', () => listening(server.address().port));
