import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache';
import { createClient } from '@redis/client';
import fastify from 'fastify';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, retentionMs, served } from './app.ts';

/** It calls Lambda's context for the remaining time. */
const context = { getRemainingTimeInMillis: () => 30_000 };

async function powertools(redisPort: number | undefined, useLocalCache: boolean) {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
  await client.connect();
  const handle = makeIdempotent(async (_key: string, _context: object, body: Charge) => charge(body), {
    persistenceStore: new CachePersistenceLayer({ client }),
    config: new IdempotencyConfig({
      expiresAfterSeconds: retentionMs / 1000,
      useLocalCache,
      maxLocalCacheSize: 10_000,
    }),
  });
  const app = fastify();
  app.post(path, async (request, reply) => {
    const key = String(request.headers['idempotency-key']);
    return reply.type(json).send(await handle(key, context, request.body as Charge));
  });
  return served(app, () => client.close());
}

/** `@aws-lambda-powertools/idempotency` outside Lambda, without payload validation, its default. */
export const powertoolsRedis: App = ({ redisPort }) => powertools(redisPort, false);

/** The same with its local cache. */
export const powertoolsCached: App = ({ redisPort }) => powertools(redisPort, true);
