import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { idempotency as byKey, getSharedIdempotencyService, type IIdempotencyDataAdapter } from 'express-idempotency';
import RedisAdapter from 'express-idempotency-redis-adapter';
import type { Redis } from 'ioredis';
import { idempotency } from 'latchkey/express';
import { redisStore } from 'latchkey/redis';
import { listen } from '../../../../latchkey/test/adapters/apps/server.ts';
import { setNx } from '../../../../latchkey/test/comparison/set-nx.ts';
import { executions, operation } from './handler.ts';

/** Starts a contestant on a port. */
export type Start = (redis: Redis, port: number) => Promise<unknown>;

const day = 86_400;

async function answer(redis: Redis, request: Request, response: Response): Promise<void> {
  const { status, type, headers = {}, body } = await operation(redis, request.method, (name) => request.get(name));
  response.status(status).set(headers).set('Content-Type', type);
  if (typeof body === 'string' || Buffer.isBuffer(body)) response.send(body);
  else
    Readable.from(body)
      .on('error', () => response.destroy())
      .pipe(response);
}

const authenticate: RequestHandler = (request, response, next) => {
  if (request.get('authorization') === undefined) response.sendStatus(401);
  else next();
};

/** @param isHit - whether the guard has answered a request that it passes on nevertheless. */
function serve(redis: Redis, port: number, guards: readonly RequestHandler[], isHit = (_: Request) => false) {
  const app = express();
  app.get('/count', async (_, response) => void response.json(await executions(redis)));
  app.use(authenticate, ...guards, async (request, response) => {
    if (!isHit(request)) await answer(redis, request, response);
  });
  return listen(createServer(app), port);
}

function startLatchkey(afterFailure: 'refuse' | 'rerun'): Start {
  return (redis, port) => {
    const principal = (request: Request) => request.headers.authorization;
    const timing = { leaseMs: 1_000 };
    const guard = idempotency({ store: redisStore({ client: redis }), principal, afterFailure, timing, log: false });
    return serve(redis, port, [guard, express.json()]);
  };
}

export const latchkey = startLatchkey('refuse');
export const latchkeyRerun = startLatchkey('rerun');

/** Such lines are mounted on the routes that write. */
export const setNxLines: Start = (redis, port) => {
  const guard = setNx(redis, day);
  const onWrites: RequestHandler = (request, response, next) =>
    request.method === 'GET' ? next() : guard(request, response, next);
  return serve(redis, port, [express.json(), onWrites]);
};

/** `express-idempotency` passes a replayed request on to its handler, which has to ask. */
export const expressIdempotency: Start = async (redis, port) => {
  const connectionConfig = { url: `redis://127.0.0.1:${redis.options.port}` };
  const dataAdapter = new RedisAdapter.default({ ttl: day, connectionConfig });
  await dataAdapter.connect();
  // Its types need less strict compiler settings.
  const guard = byKey({ dataAdapter: dataAdapter as IIdempotencyDataAdapter });
  return serve(redis, port, [express.json(), guard], (request) => getSharedIdempotencyService().isHit(request));
};
