/** Real servers die during an order, and a completer finishes it from the saved request. */

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as nodeGuard } from '../../src/adapters/node.ts';
import { completer, httpOperations, type SavedRequestHandler } from '../../src/completer/index.ts';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import type { OperatorStore } from '../../src/core/store.ts';
import type { RouteOptions } from '../../src/http/options.ts';
import { encryptedStore } from '../../src/stores/encrypted/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../src/stores/sqlite/index.ts';
import { type FaultyMethod, faultyStore } from '../../src/testing/faulty-store.ts';
import { listen } from '../adapters/apps/server.ts';
import { patience } from '../servers/patience.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';

type Kind = SqliteTransactions<DatabaseSync>;

const fingerprintSecrets = ['s'.repeat(32)];
const saving = {
  afterFailure: 'rerun',
  request: { save: { principal: true } },
} as const satisfies RouteOptions<object>;
const order = '{"item": "tea",  "note": "\u00fc"}';

/** A server whose handler reports its start and never answers. */
interface Mortal {
  readonly origin: string;
  /** Gives up the running operation, so that its record lapses at once. */
  die(): Promise<void>;
}

type Start = (store: OperatorStore<Kind>, begun: () => void) => Promise<Mortal>;

const options = (store: OperatorStore<Kind>) => ({
  store,
  principal: () => 'tenant-7',
  fingerprint: { secrets: fingerprintSecrets },
  ...saving,
});

async function served(listener: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const { origin, close } = await listen(createServer((request, response) => void listener(request, response)));
  onTestFinished(close);
  return origin;
}

const servers: Readonly<Record<string, Start>> = {
  node: async (store, begun) => {
    const guard = nodeGuard(options(store));
    return { origin: await served(guard.wrap(begun)), die: () => guard.shutdown(0) };
  },
  'Express, the parser after the guard': async (store, begun) => {
    const guard = expressGuard(options(store));
    const app = express().use(guard, express.json()).post('/orders/:id/pay', begun);
    return { origin: await served(app), die: () => guard.shutdown(0) };
  },
  'Express, the parser before the guard': async (store, begun) => {
    const guard = expressGuard(options(store));
    const app = express().use(express.json(), guard).post('/orders/:id/pay', begun);
    return { origin: await served(app), die: () => guard.shutdown(0) };
  },
  Fastify: async (store, begun) => {
    const guard = fastifyGuard(options(store));
    const app = fastify({ forceCloseConnections: true });
    await app.register(guard);
    app.post('/orders/:id/pay', () => {
      begun();
      return new Promise(() => {});
    });
    onTestFinished(() => app.close());
    return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), die: () => guard.shutdown(0) };
  },
};

async function shop(sealed = false) {
  const folder = await temporaryFolder();
  const path = folder.path('shop.db');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE payments (account TEXT, id TEXT, item TEXT)');
  onTestFinished(async () => {
    database.close();
    await folder.remove();
  });
  const plain = sqliteStore({ database });
  const keys = { a: new Uint8Array(32).fill(7) };
  const store: OperatorStore<Kind> = sealed ? encryptedStore(plain, { currentKey: 'a', keys }) : plain;
  const payments = () =>
    database
      .prepare('SELECT * FROM payments')
      .all()
      .map((row) => ({ ...row }));
  const lapsed = async () => (await store.list({ state: 'lapsed', limit: 10 })).records;
  const completed = async () => (await store.list({ state: 'completed', limit: 10 })).records;
  const bytes = async () => Buffer.concat([await readFile(path), await readFile(`${path}-wal`)]);
  return { store, payments, lapsed, completed, bytes };
}

/** Sends a request to a server and lets the server die while its handler runs. */
async function dieInTheMiddle(start: Start, store: OperatorStore<Kind>): Promise<void> {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const { origin, die } = await start(store, resolve);
  pay(origin).catch(() => undefined);
  await begun;
  await die();
}

async function pay(origin: string): Promise<readonly [number, string | null, unknown]> {
  const headers = { 'Idempotency-Key': 'k-1', 'Content-Type': 'application/json', Authorization: 'Bearer hunter2' };
  const response = await fetch(`${origin}/orders/o%201/pay?dry=0`, { method: 'POST', headers, body: order });
  return [response.status, response.headers.get('idempotent-replayed'), await response.json()];
}

/** The payment, its answer and the record's completion are one commit. */
const payOrder: SavedRequestHandler<Kind> = ({ body, params, principal }, context) => {
  const { item } = JSON.parse(Buffer.from(body).toString()) as { item: string };
  return context.finish((db) => {
    db.prepare('INSERT INTO payments VALUES (?, ?, ?)').run(String(principal), String(params['id']), item);
    return { status: 201, body: { paid: item } };
  });
};

const thrownAfterCommit: SavedRequestHandler<Kind> = async (request, context) => {
  await payOrder(request, context);
  throw new Error('after the commit');
};

/** Returns the completer's events. */
function startCompleter(store: OperatorStore<Kind>, handler = payOrder): LatchkeyEvent[] {
  const events: LatchkeyEvent[] = [];
  const operations = [httpOperations<Kind>({ 'POST /orders/:id/pay': handler }, { timing: { maxAttempts: 2 } })];
  const onEvent = (event: LatchkeyEvent) => void events.push(event);
  const finishing = completer({ store, operations, intervalMs: 20, baseDelayMs: 0, onEvent });
  onTestFinished(() => finishing.close(0));
  return events;
}

const loseReply = (method: FaultyMethod) => (method === 'transaction' ? ({ kind: 'lose-reply' } as const) : undefined);

const patient = { timeout: patience(60_000) };

describe.each(Object.entries(servers))('%s', (_name, start) => {
  it('saves a request that a completer finishes, and the retry gets that answer', async () => {
    const { store, payments, lapsed, completed } = await shop();
    await dieInTheMiddle(start, store);
    expect(await lapsed()).toHaveLength(1);
    startCompleter(store);
    await expect.poll(async () => (await completed()).length, patient).toBe(1);
    expect(payments()).toEqual([{ account: 'tenant-7', id: 'o 1', item: 'tea' }]);
    const retried = await start(store, () => undefined);
    expect(await pay(retried.origin)).toEqual([201, 'true', { paid: 'tea' }]);
    expect(payments()).toHaveLength(1);
  });
});

describe('a run whose answer is committed', () => {
  it.each([
    ['is done though its handler throws then', thrownAfterCommit, () => undefined],
    ['is done though the answer to its commit is lost', payOrder, loseReply],
  ] as const)('%s', async (_name, handler, disturb) => {
    const { store, payments, completed } = await shop();
    await dieInTheMiddle(servers['node'] as Start, store);
    const { store: disturbed, faults } = faultyStore(store);
    faults.plan(disturb);
    const events = startCompleter(disturbed, handler);
    await expect.poll(async () => (await completed()).length, patient).toBe(1);
    // The run has ended once the completer polls the store again.
    const looks = faults.calls.get('list') ?? 0;
    await expect.poll(() => faults.calls.get('list'), patient).toBeGreaterThan(looks);
    expect(payments()).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'handler-error' || type === 'stuck')).toEqual([]);
  });
});

describe('an encrypted store', () => {
  it('encrypts the saved request, which a completer can read', async () => {
    const { store, payments, lapsed, bytes } = await shop(true);
    await dieInTheMiddle(servers['node'] as Start, store);
    const [record] = await lapsed();
    expect((await store.read(record?.id ?? ''))?.request).toBeDefined();
    expect((await bytes()).includes('tea')).toBe(false);
    expect((await bytes()).includes('tenant-7')).toBe(false);
    startCompleter(store);
    await expect.poll(() => payments().length, patient).toBe(1);
  });

  it('stores it in clear text without encryption', async () => {
    const { store, bytes } = await shop();
    await dieInTheMiddle(servers['node'] as Start, store);
    expect((await bytes()).includes('tea')).toBe(true);
    expect((await bytes()).includes('hunter2')).toBe(false);
  });
});
