/**
 * Applications on AWS Lambda, each through one common adapter.
 *
 * @module
 */

import { createRequire } from 'node:module';
import awsLambdaFastify from '@fastify/aws-lambda';
import { ServerlessAdapter } from '@h4ad/serverless-adapter';
import { ApiGatewayV2Adapter } from '@h4ad/serverless-adapter/adapters/aws';
import { ExpressFramework } from '@h4ad/serverless-adapter/frameworks/express';
import { DefaultHandler } from '@h4ad/serverless-adapter/handlers/default';
import { PromiseResolver } from '@h4ad/serverless-adapter/resolvers/promise';
import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';

/** An answer for API Gateway. */
export interface LambdaAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded?: boolean;
}

/** Sends a request to the function. */
export type Lambda = (request: LambdaRequest) => Promise<LambdaAnswer>;

/** The request to send. */
export interface LambdaRequest {
  readonly key?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handle = (event: unknown, context: unknown, callback?: unknown) => Promise<LambdaAnswer>;

// Packages without types, or with types of an older Express.
const load = createRequire(import.meta.url) as (name: string) => unknown;
const serverlessHttp = load('serverless-http') as (app: Express) => Handle;
const serverlessHttp4 = load('serverless-http4') as (app: Express) => Handle;
const vendia = load('@vendia/serverless-express') as (options: { app: Express }) => Handle;
const codegenie = load('@codegenie/serverless-express') as (options: { app: Express }) => Handle;

const path = '/orders';

/** An event of an HTTP API, payload format 2.0. */
function eventOf({ key, body, headers }: LambdaRequest): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: {
      host: 'api.example',
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': String(body.length) }),
      ...(key !== undefined && { 'idempotency-key': key }),
      ...headers,
    },
    requestContext: { http: { method: 'POST', path, sourceIp: '192.0.2.1' }, stage: '$default', timeEpoch: 0 },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}

function sendingTo(handle: Handle): Lambda {
  return async (request) => {
    // The adapters write into their event.
    const { headers, ...answer } = await handle(structuredClone(eventOf(request)), {});
    const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return { ...answer, headers: Object.fromEntries(named) };
  };
}

function h4ad(app: Express): Handle {
  const handle = ServerlessAdapter.new(app)
    .setFramework(new ExpressFramework())
    .setHandler(new DefaultHandler())
    .setResolver(new PromiseResolver())
    .addAdapter(new ApiGatewayV2Adapter())
    .build();
  return handle as unknown as Handle;
}

/** The adapters for Express. */
export const expressLambdas: Readonly<Record<string, (app: Express) => Lambda>> = {
  'serverless-http 3': (app) => sendingTo(serverlessHttp(app)),
  'serverless-http 4': (app) => sendingTo(serverlessHttp4(app)),
  '@vendia/serverless-express': (app) => sendingTo(vendia({ app })),
  '@codegenie/serverless-express': (app) => sendingTo(codegenie({ app })),
  '@h4ad/serverless-adapter': (app) => sendingTo(h4ad(app)),
};

/** The adapter for Fastify. */
export function fastifyLambda(app: FastifyInstance): Lambda {
  return sendingTo(awsLambdaFastify(app) as Handle);
}
