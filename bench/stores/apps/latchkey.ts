import { createClient } from '@redis/client';
import fastify, { type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { cachedStore } from 'latchkey/cached';
import { idempotency } from 'latchkey/fastify';
import { postgresStore } from 'latchkey/postgres';
import { redisStore } from 'latchkey/redis';
import type { Store, TransactionKind } from 'latchkey/store';
import pg from 'pg';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, served } from './app.ts';

/** Longer than a run takes, so that what is measured are hits. */
const cache = { maxAgeMs: 60_000 };

async function guarded<Kind extends TransactionKind>(store: Store<Kind>, close: () => Promise<unknown>) {
  const app = fastify();
  const principal = (request: FastifyRequest) => request.headers['x-account']?.toString();
  await app.register(idempotency<Kind>({ store, principal, log: false }));
  app.post(path, async (request, reply) => reply.type(json).send(charge(request.body as Charge)));
  return served(app, async () => {
    await store.close();
    await close();
  });
}

function redisClient(port: number | undefined) {
  return new Redis(port ?? 0, { enableAutoPipelining: true });
}

export const latchkeyRedis: App = ({ redisPort }) => {
  const client = redisClient(redisPort);
  return guarded(redisStore({ client }), () => client.quit());
};

export const latchkeyCached: App = ({ redisPort }) => {
  const client = redisClient(redisPort);
  return guarded(cachedStore(redisStore({ client }), cache), () => client.quit());
};

async function nodeRedisClient(port: number | undefined) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  return client;
}

export const latchkeyNodeRedis: App = async ({ redisPort }) => {
  const client = await nodeRedisClient(redisPort);
  return guarded(redisStore({ client }), () => client.close());
};

export const latchkeyCachedNodeRedis: App = async ({ redisPort }) => {
  const client = await nodeRedisClient(redisPort);
  return guarded(cachedStore(redisStore({ client }), cache), () => client.close());
};

export const latchkeyPostgres: App = ({ postgresUrl }) => {
  const client = new pg.Pool({ connectionString: postgresUrl, max: 10 });
  return guarded(postgresStore({ client, sweep: false }), () => client.end());
};
