/** A function of Lambda. */

import type { APIGatewayProxyEventV2 as HttpEvent, Context as Invocation } from 'aws-lambda';
import type { idempotency as guardFactory, LambdaContext, LambdaResult } from 'latchkey/lambda';
import type { SqliteTransactions } from 'latchkey/sqlite';

declare global {
  type APIGatewayProxyEventV2 = HttpEvent;
  type Context = Invocation;
  const idempotency: typeof guardFactory;
  const placeOrder: (context: LambdaContext<SqliteTransactions>, event: HttpEvent) => Promise<LambdaResult>;
}
