import { createServer } from 'node:http';
import express from 'express';
import { getSharedIdempotencyService, type IIdempotencyDataAdapter, idempotency } from 'express-idempotency';
import RedisAdapter from 'express-idempotency-redis-adapter';
import { charge } from '../../server/handler.ts';
import { type App, json, path, retentionMs } from './app.ts';

/** `express-idempotency`, which only supports Express. It sends an answer before it is stored. */
export const expressIdempotency: App = async ({ redisPort }) => {
  const connectionConfig = { url: `redis://127.0.0.1:${redisPort}` };
  const dataAdapter = new RedisAdapter.default({ ttl: retentionMs / 1000, connectionConfig });
  await dataAdapter.connect();
  const app = express();
  // Its types need less strict compiler settings.
  app.use(express.json(), idempotency({ dataAdapter: dataAdapter as IIdempotencyDataAdapter }));
  app.post(path, (request, response) => {
    if (getSharedIdempotencyService().isHit(request)) return;
    response.type(json).send(charge(request.body));
  });
  return { server: createServer(app), close: () => dataAdapter.disconnect() };
};
