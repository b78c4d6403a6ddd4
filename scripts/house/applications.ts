import { createServer, type Server } from 'node:http';
import express from 'express';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { idempotency as forExpress } from '../../packages/latchkey/src/adapters/express.ts';
import { idempotency as forFastify } from '../../packages/latchkey/src/adapters/fastify.ts';
import type { Store } from '../../packages/latchkey/src/core/store.ts';
import { memoryStore } from '../../packages/latchkey/src/stores/memory/index.ts';
import { redisStore } from '../../packages/latchkey/src/stores/redis/index.ts';

type Charge = { readonly amount: number };

const principal = () => 'acct_1';

async function expressApplication(store: Store): Promise<Server> {
  const app = express();
  app.post('/charges', forExpress({ store, principal }), express.json(), (request, response) => {
    response.json({ amount: (request.body as Charge).amount });
  });
  return createServer(app);
}

async function fastifyApplication(store: Store): Promise<Server> {
  const app = fastify();
  await app.register(forFastify({ store, principal }));
  app.post('/charges', async (request) => ({ amount: (request.body as Charge).amount }));
  await app.ready();
  return app.server;
}

/** The applications whose requests are traced. Each has one guarded route, `POST /charges`. */
export const applications = { express: expressApplication, fastify: fastifyApplication };

/** A store, and how to close it and its client. */
export interface Opened {
  readonly store: Store;
  close(): Promise<void>;
}

/** The stores behind the applications. */
export const stores = {
  memory: async (): Promise<Opened> => {
    const store = memoryStore();
    return { store, close: () => store.close() };
  },
  redis: async (port: number): Promise<Opened> => {
    const client = new Redis({ port, enableOfflineQueue: false, lazyConnect: true });
    await client.connect();
    const store = redisStore({ client });
    return {
      store,
      close: async () => {
        await store.close();
        client.disconnect();
      },
    };
  },
};
