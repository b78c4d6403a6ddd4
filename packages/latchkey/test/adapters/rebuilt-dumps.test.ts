/** A secret in an answer is in no dump of a store: of its memory, its file, or its server. */

import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/express.ts';
import type { AnyOperatorStore, RecordState } from '../../src/core/store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { redisStore } from '../../src/stores/redis/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { type RedisServer, startRedis } from '../servers/redis-server.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { post, serve } from './apps/harness.ts';

interface Dumped {
  readonly store: AnyOperatorStore;
  /** Everything that the store has. */
  dump(): Promise<string>;
}

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function recordsOf(store: AnyOperatorStore): Promise<string> {
  const states: readonly RecordState[] = ['running', 'lapsed', 'open', 'completed'];
  const pages = await Promise.all(states.map((state) => store.list({ state, limit: 100 })));
  const records = pages.flatMap((page) => page.records);
  const texts = records.map(({ result, steps, ...rest }) => [
    JSON.stringify(rest),
    ...[result?.bytes ?? [], ...steps.values()].map((bytes) => Buffer.from(bytes).toString('latin1')),
  ]);
  return texts.flat().join('\n');
}

async function contentsOf(client: Redis): Promise<string> {
  const keys = await client.keys('*');
  const contents = keys.map(async (key) => {
    const kind = await client.type(key);
    if (kind === 'hash') return Object.values(await client.hgetallBuffer(key)).map((value) => value.toString('latin1'));
    if (kind === 'zset') return client.zrange(key, '0', '-1');
    expect(kind).toBe('string');
    return [(await client.getBuffer(key))?.toString('latin1')];
  });
  return (await Promise.all(contents)).flat().join('\n');
}

const stores: Readonly<Record<string, () => Promise<Dumped>>> = {
  memory: async () => {
    const store = memoryStore();
    return { store, dump: () => recordsOf(store) };
  },
  SQLite: async () => {
    const folder = await temporaryFolder();
    const path = folder.path('records.db');
    const database = new DatabaseSync(path);
    onTestFinished(async () => {
      database.close();
      await folder.remove();
    });
    const files = [path, `${path}-wal`];
    const dump = async () => (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
    return { store: sqliteStore({ database }) as AnyOperatorStore, dump };
  },
  Redis: async () => {
    const client = new Redis({ port: server.port });
    onTestFinished(() => client.disconnect());
    return { store: redisStore({ client }), dump: () => contentsOf(client) };
  },
};

it.each(Object.entries(stores))(
  'a dump of %s has the reference, and neither the body nor a digest of it',
  async (_name, open) => {
    const { store, dump } = await open();
    onTestFinished(() => store.close());
    const vault = new Map<string, string>();
    let signedIn = true;
    let rebuilt = 0;
    const guard = idempotency({
      store,
      principal: () => 'tenant',
      log: false,
      response: {
        reference: (body: { id: string }) => ({ key: body.id }),
        rebuild: ({ key }: { key: string }) => {
          rebuilt += 1;
          return { id: key, secret: vault.get(key) ?? missing() };
        },
      },
    });
    const app = express();
    app.use((_request, response, next) => (signedIn ? next() : void response.status(401).send('sign in again')));
    app.post('/charges', guard, (_request, response) => {
      vault.set('key_7', 'sk_live_0b5e3c1a4f7d');
      response
        .status(201)
        .location('/api-keys/key_7')
        .json({ id: 'key_7', secret: vault.get('key_7') });
    });
    const origin = await serve(app);

    const first = await post(origin);
    const etag = first.header('etag') ?? '';
    expect([first.status, etag]).toEqual([201, expect.stringMatching(/^W\/".+"$/)]);
    const dumped = await dump();
    expect(dumped).toContain('{"key":"key_7"}');
    expect(dumped).not.toContain('sk_live');
    expect(dumped).not.toContain(etag.slice(3, -1));

    const retry = await post(origin);
    expect([retry.status, retry.body.toString(), retry.header('location')]).toEqual([
      201,
      first.body.toString(),
      '/api-keys/key_7',
    ]);
    expect(retry.header('idempotent-replayed')).toBe('true');

    signedIn = false;
    const revoked = await post(origin);
    expect([revoked.status, revoked.body.toString(), rebuilt]).toEqual([401, 'sign in again', 1]);
    signedIn = true;

    vault.clear();
    const failed = await post(origin);
    expect([failed.status, failed.header('retry-after')]).toEqual([503, '1']);
    expect(failed.json()).toMatchObject({ code: 'rebuild-failed' });
    expect(await dump()).not.toContain('sk_live');
  },
);

function missing(): never {
  throw new Error('The vault does not have this key.');
}
