/**
 * The adapter suite on route handlers of a built application. Next runs in the process of the tests, so that each test
 * can bring its own guard and handler.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import type { NextRequest } from 'next/server.js';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { TransactionKind } from '../../../packages/latchkey/src/core/store.ts';
import type { PostgresTransactions } from '../../../packages/latchkey/src/stores/postgres/index.ts';
import { redisStore } from '../../../packages/latchkey/src/stores/redis/index.ts';
import { type AppSetup, adapterSuite, type RunningApp } from '../../../packages/latchkey/src/testing/index.ts';
import { emptyWith, headerOf, responseOf } from '../../../packages/latchkey/test/adapters/apps/fetch.ts';
import { nextRows } from '../../../packages/latchkey/test/adapters/apps/named-rows.ts';
import { listen, tenantOf } from '../../../packages/latchkey/test/adapters/apps/server.ts';
import { memory, sqlite } from '../../../packages/latchkey/test/adapters/apps/stores.ts';
import { type RedisServer, startRedis } from '../../../packages/latchkey/test/servers/redis-server.ts';
import { type PgTx, pgClient } from '../../../packages/latchkey/test/stores/postgres/clients.ts';
import { testDatabase } from '../../../packages/latchkey/test/stores/postgres/database.ts';
import type { NextApp } from './next-app.ts';

type Handle = (request: NextRequest) => Promise<Response>;

/** The handlers of the suite's applications, by the header that its servers add. */
const handlers = new Map<string, Handle>();
Object.assign(globalThis, { latchkeySuite: handlers });

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The built application in this process, and the packed library that belongs to it. */
interface InProcess {
  readonly handle: RequestHandler;
  readonly library: typeof import('../../../packages/latchkey/src/adapters/next.ts');
  close(): Promise<void>;
}

async function startInProcess({ folder, next }: NextApp): Promise<InProcess> {
  // The application's own routes open their databases when the server starts.
  Object.assign(process.env, { SQLITE_FILE: join(folder, 'suite.db'), DATABASE: join(folder, 'suite-orders.db') });
  const { default: create } = await import(pathToFileURL(join(next, 'dist/server/next.js')).href);
  const server = create({ dev: false, dir: join(folder, 'next'), hostname: '127.0.0.1' });
  await server.prepare();
  return {
    handle: server.getRequestHandler(),
    library: await import(pathToFileURL(join(folder, 'node_modules/latchkey/dist/adapters/next.js')).href),
    close: () => server.close(),
  };
}

async function startNext<Kind extends TransactionKind>(
  { handle, library }: InProcess,
  setup: AppSetup<Kind>,
): Promise<RunningApp> {
  const principal = (request: NextRequest) => tenantOf(request.headers.get('x-tenant'));
  const guard = library.idempotency<Kind>({ ...setup.options, principal });
  const guarded = guard(async (request) => {
    const context = guard.tryContext(request);
    const body = await request.text();
    return responseOf(await setup.handler({ method: request.method, body, context, header: headerOf(request) }));
  });
  const name = crypto.randomUUID();
  handlers.set(name, async (request) => {
    const { refuse, late, headers = [] } = setup.outer(headerOf(request));
    if (refuse !== undefined) return emptyWith(refuse);
    const answered = guarded(request);
    const response = await (late === undefined ? answered : Promise.race([answered, late.then(emptyWith)]));
    for (const [header, value] of headers) response.headers.set(header, value);
    return response;
  });
  const server = createServer((request, response) => {
    request.url = `/suite${request.url}`;
    request.headers['x-suite'] = name;
    void handle(request, response);
  });
  return listen(server);
}

/** Runs the adapter suite on the route handlers of an application. */
export function suiteTests(app: () => NextApp): void {
  let next: InProcess;
  beforeAll(async () => {
    next = await startInProcess(app());
  });
  afterAll(() => next.close());

  const start = <Kind extends TransactionKind>(setup: AppSetup<Kind>) => startNext(next, setup);
  const atOnce = { describe: describe.concurrent, it: it.concurrent, start };

  describe('next × memory', () => adapterSuite({ ...nextRows('memory', atOnce), createStore: memory }));
  describe('next × sqlite', () =>
    adapterSuite({ ...nextRows('sqlite', atOnce), createStore: sqlite, transactions: true }));

  describe('next × redis', () => {
    let server: RedisServer;
    let client: Redis;
    beforeAll(async () => {
      server = await startRedis();
      client = new Redis(server.port, '127.0.0.1', { enableOfflineQueue: false, lazyConnect: true });
      await client.connect();
    });
    afterAll(async () => {
      await client.quit();
      await server.stop();
    });
    const createStore = () => ({ store: redisStore({ client, prefix: `${crypto.randomUUID()}:` }) });
    adapterSuite({ ...nextRows('redis', atOnce), createStore });
  });

  describe('next × postgres', () => {
    let database: Awaited<ReturnType<typeof testDatabase>>;
    let client: ReturnType<typeof pgClient>;
    beforeAll(async () => {
      database = await testDatabase();
      client = pgClient(database.server.url);
    });
    afterAll(async () => {
      await client.close();
      await database.stop();
    });
    const createStore = async () => {
      await database.clear();
      return { store: client.store({}), transactions: { write: client.write, written: database.effects } };
    };
    const inTurn = { describe, it, start };
    adapterSuite<PostgresTransactions<PgTx>>({ ...nextRows('postgres', inTurn), createStore, transactions: true });
  });
}
