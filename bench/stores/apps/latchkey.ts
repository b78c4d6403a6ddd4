import { createClient } from '@redis/client';
import fastify, { type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import type { Store, TransactionKind } from 'latchkey/store';
import pg from 'pg';
import { type Charge, charge } from '../../server/handler.ts';
import { Library } from '../../server/library.ts';
import { type App, json, path, served } from './app.ts';

/** A store and its client. */
interface Opened {
  readonly store: Store<TransactionKind>;
  /** Ends the client. */
  end(): Promise<unknown>;
}

type Open = (library: Library, port: number) => Promise<Opened>;

async function guarded(library: Library, { store, end }: Opened) {
  const app = fastify();
  const principal = (request: FastifyRequest) => request.headers['x-account']?.toString();
  const { idempotency } = await library.entry('fastify');
  await app.register(idempotency<TransactionKind>({ store, principal, ...library.quiet }));
  app.post(path, async (request, reply) => reply.type(json).send(charge(request.body as Charge)));
  return served(app, async () => {
    await store.close();
    await end();
  });
}

const onIoredis: Open = async (library, port) => {
  const client = new Redis(port, { enableAutoPipelining: true });
  const { redisStore } = await library.entry('redis');
  return { store: redisStore({ client }), end: () => client.quit() };
};

const onNodeRedis: Open = async (library, port) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  const { redisStore } = await library.entry('redis');
  return { store: redisStore({ client }), end: () => client.close() };
};

function present(open: Open): App {
  const library = new Library(undefined);
  return async ({ redisPort = 0 }) => guarded(library, await open(library, redisPort));
}

function former(open: Open): App {
  return async ({ redisPort = 0, former: folder = '' }) => {
    const library = new Library(folder);
    return guarded(library, await open(library, redisPort));
  };
}

export const latchkeyRedis = present(onIoredis);
export const latchkeyFormer = former(onIoredis);
export const latchkeyNodeRedis = present(onNodeRedis);
export const latchkeyFormerNodeRedis = former(onNodeRedis);

export const latchkeyPostgres: App = async ({ postgresUrl }) => {
  const library = new Library(undefined);
  const client = new pg.Pool({ connectionString: postgresUrl, max: 10 });
  const { postgresStore } = await library.entry('postgres');
  return guarded(library, { store: postgresStore({ client, sweep: false }), end: () => client.end() });
};
