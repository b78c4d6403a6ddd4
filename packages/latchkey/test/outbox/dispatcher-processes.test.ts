import { once } from 'node:events';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { messageId, type Outbox } from '../../src/core/outbox.ts';
import { mariadbStore, migrate as migrateMariadb } from '../../src/stores/mariadb/index.ts';
import { migrate as migratePostgres, postgresStore } from '../../src/stores/postgres/index.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { startMariadb } from '../servers/mariadb-server.ts';
import { patience } from '../servers/patience.ts';
import { startPostgres } from '../servers/postgres-server.ts';
import { isSelected } from '../servers/selected.ts';
import { adminPool } from '../stores/mariadb/pools.ts';
import { spawnChild } from '../stores/sqlite/children/spawn-child.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import { enqueue } from './enqueue.ts';

/** A store shared by processes. */
interface Shared {
  readonly url: string;
  readonly outbox: Outbox;
  enqueue(operationId: string, names: readonly string[]): Promise<void>;
}

const patient = { timeout: patience(150_000), interval: 20 };
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function sqlite(): Promise<Shared> {
  const folder = await temporaryFolder();
  ends.push(folder.remove);
  const file = folder.path('store.db');
  const store = sqliteStore({ database: file, lockTimeoutMs: 30_000 });
  ends.push(() => store.close());
  return { url: `sqlite:${file}`, outbox: store.outbox as Outbox, enqueue: (...args) => enqueue(store, ...args) };
}

async function postgres(): Promise<Shared> {
  const server = await startPostgres();
  ends.push(server.stop);
  const pool = new pg.Pool({ connectionString: server.url });
  ends.push(() => pool.end());
  await migratePostgres(pool);
  const store = postgresStore({ client: pool, listen: false, sweep: false });
  ends.push(() => store.close());
  return { url: server.url, outbox: store.outbox as Outbox, enqueue: (...args) => enqueue(store, ...args) };
}

async function mariadb(): Promise<Shared> {
  const server = await startMariadb();
  ends.push(server.stop);
  const pool = adminPool(server);
  ends.push(() => pool.end());
  await migrateMariadb(pool);
  const store = mariadbStore({ client: pool, sweep: false });
  ends.push(() => store.close());
  const { user, host, port, database } = server.admin;
  const url = `mariadb://${user}@${host}:${port}/${database}`;
  return { url, outbox: store.outbox as Outbox, enqueue: (...args) => enqueue(store, ...args) };
}

/** A dispatcher process, and the lines that it has printed so far. */
function dispatching(url: string, leaseMs: number, manner: string) {
  const child = spawnChild(new URL('children/dispatch.ts', import.meta.url).href, [url, String(leaseMs), manner]);
  ends.push(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = once(child, 'close');
  const begun = () => [...text.matchAll(/^begin (\S+) (\d+)$/gm)].map(([, id, attempts]) => ({ id, attempts }));
  const close = async () => {
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  };
  return { child, begun, close, ended, isUp: () => text.startsWith('up\n') };
}

async function waiting(outbox: Outbox): Promise<number> {
  return (await outbox.list({ state: 'waiting', limit: 1_000 })).messages.length;
}

const stores = { sqlite, postgres, mariadb };

for (const [name, open] of Object.entries(stores))
  describe.runIf(isSelected(name))(`dispatcher processes on ${name}`, { timeout: patience(400_000) }, () => {
    it('share the messages, and deliver each of them once while leases hold', async () => {
      const { url, outbox, enqueue } = await open();
      const two = [dispatching(url, 120_000, '2'), dispatching(url, 120_000, '2')];
      await expect.poll(() => two.every(({ isUp }) => isUp()), patient).toBe(true);
      const operations = Array.from({ length: 40 }, (_, index) => `operation-${index}`);
      for (const operation of operations) await enqueue(operation, ['mail', 'event', 'hook']);
      await expect.poll(() => waiting(outbox), patient).toBe(0);
      for (const { close } of two) await close();
      const begun = two.flatMap((one) => one.begun());
      const ids = operations.flatMap((id) => ['mail', 'event', 'hook'].map((message) => messageId(id, message)));
      expect(begun.map(({ id }) => id).sort()).toEqual(ids.sort());
      expect(new Set(begun.map(({ attempts }) => attempts))).toEqual(new Set(['1']));
    });

    it('killed during a delivery leave the message to another, under the same id', async () => {
      const { url, outbox, enqueue } = await open();
      await enqueue('operation', ['mail']);
      const id = messageId('operation', 'mail');
      const dying = dispatching(url, 1_000, 'hang');
      await expect.poll(dying.begun, patient).toContainEqual({ id, attempts: '1' });
      dying.child.kill('SIGKILL');
      await dying.ended;
      const heir = dispatching(url, 60_000, '0');
      await expect.poll(() => waiting(outbox), patient).toBe(0);
      await heir.close();
      const begun = heir.begun();
      expect(begun.map((delivery) => delivery.id)).toEqual([id]);
      expect(Number(begun[0]?.attempts)).toBeGreaterThan(1);
    });
  });
