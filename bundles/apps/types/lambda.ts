// Handlers with the types of @types/aws-lambda, one for each sender of events.

import type {
  ALBHandler,
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyResultV2,
  Context,
  LambdaFunctionURLHandler,
  SQSEvent,
} from 'aws-lambda';
import { idempotency } from 'latchkey/lambda';
import { memoryStore } from 'latchkey/memory';

const guard = idempotency({ store: memoryStore(), principal: (event) => event.headers?.['x-account'] });

export const httpApi: APIGatewayProxyHandlerV2 = guard(
  async (event: APIGatewayProxyEventV2, { awsRequestId }: Context) => {
    const attempt: number = guard.context(event).attempt;
    return { statusCode: 201, body: JSON.stringify({ path: event.rawPath, awsRequestId, attempt }) };
  },
);

export const inferred: APIGatewayProxyHandlerV2 = guard(async (): Promise<APIGatewayProxyResultV2> => 'ordered');

export const restApi: APIGatewayProxyHandler = guard.withContext(async (context, event) => {
  const charge = await context.step('charge', async ({ idempotencyKey }) => ({ id: idempotencyKey }));
  return { statusCode: 201, body: JSON.stringify({ charge: charge.id, path: event.path }) };
});

export const functionUrl: LambdaFunctionURLHandler = guard(async () => ({ statusCode: 204 }));

export const loadBalancer: ALBHandler = guard(async () => ({ statusCode: 200, statusDescription: '200 OK' }));

const signedIn = idempotency({
  store: memoryStore(),
  principal: (event: APIGatewayProxyEventV2WithJWTAuthorizer) =>
    String(event.requestContext.authorizer.jwt.claims['sub']),
});

export const authorized = signedIn.with({ afterFailure: 'rerun' }).withContext(async (context, event) => {
  const { sub } = event.requestContext.authorizer.jwt.claims;
  return { statusCode: 200, body: `${sub} ${context.attempt}` };
});

// @ts-expect-error: a queue's event is no request.
guard(async (event: SQSEvent) => ({ statusCode: 200, body: String(event.Records.length) }));

// @ts-expect-error: a callback would never be called.
guard((_event: APIGatewayProxyEventV2, _context: Context, callback: (error: null) => void) => callback(null));
