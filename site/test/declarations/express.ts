/** An application of Express. */

import type expressFactory from 'express';
import type { Express, Request, RequestHandler } from 'express';
import type { IIdempotencyDataAdapter } from 'express-idempotency';
import type { Redis } from 'ioredis';
import type { HttpContext } from 'latchkey';
import type { ExpressGuard, idempotency as guardFactory } from 'latchkey/express';
import type { SqliteTransactions } from 'latchkey/sqlite';

declare module 'express-serve-static-core' {
  interface Request {
    auth: { accountId: string };
    session: { accountId: string };
  }
}

declare global {
  const app: Express;
  const express: typeof expressFactory;
  const idempotency: typeof guardFactory;
  const guard: ExpressGuard<SqliteTransactions>;
  const principal: (request: Request) => string;
  const context: HttpContext<SqliteTransactions>;
  const handler: RequestHandler;
  const schema: object;
  const graphql: (call: object) => Promise<{ readonly errors?: readonly Error[] }>;

  // Other libraries, which an application comes from.
  type FindOldAnswer = (
    request: Request,
    key: string,
  ) => Promise<'running' | { status: number; body: unknown } | undefined>;
  const findOldAnswer: FindOldAnswer;
  const dataAdapter: IIdempotencyDataAdapter;
  const storage: { get(key: string): Promise<string | undefined> };
  const redis: Redis;
  const authenticate: RequestHandler;
  const limiter: RequestHandler;
}
