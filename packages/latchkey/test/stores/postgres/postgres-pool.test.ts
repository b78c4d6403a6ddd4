import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualRuntime } from '../../../src/testing/manual-clock.ts';
import { patience } from '../../servers/patience.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { pgClient, postgresJsClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;

const connectTimeoutMs = 2_000;
const unavailable = { code: 'store-unavailable' };

describe.runIf(isSelected('postgres'))('connections of a PostgreSQL store', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  beforeEach(() => database.clear());

  it('an exhausted pool of pg is a clear error, and the call that gave up is not made later', async () => {
    const client = pgClient(database.server.url, undefined, 1);
    const store = client.store({ connectTimeoutMs, sweep: false });
    await store.ping();
    const held = await client.pool.connect();
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(unavailable);
    await expect(store.claim(claimOf('x', 'a'))).rejects.toThrow(/No pool connection/);
    held.release();
    expect(await store.read('x')).toBeUndefined();
    await store.close();
    await client.close();
  });

  it('an exhausted pool of postgres.js is a clear error too', async () => {
    const client = postgresJsClient(database.server.url, undefined, 1);
    const store = client.store({ connectTimeoutMs, sweep: false });
    await store.ping();
    const held = await client.sql.reserve();
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(unavailable);
    await expect(store.claim(claimOf('x', 'a'))).rejects.toThrow(/connection became free/);
    held.release();
    expect(await store.read('x')).toBeUndefined();
    await store.close();
    await client.close();
  });

  it('a transaction that gets no connection within its lease is not run', async () => {
    for (const client of [
      pgClient(database.server.url, undefined, 1),
      postgresJsClient(database.server.url, undefined, 1),
    ]) {
      await database.clear();
      const store = client.store({ sweep: false });
      await store.claim(claimOf('x', 'a'));
      const held = await ('pool' in client ? client.pool.connect() : client.sql.reserve());
      let ran = false;
      const request = { id: 'x', token: 'a', leaseMs: 100, unresolvedRetentionMs: 60_000 };
      const waiting = store.transaction?.(request, async () => {
        ran = true;
        throw new Error('must not run');
      });
      await expect(waiting).rejects.toMatchObject(unavailable);
      held.release();
      expect((await store.read('x'))?.state).toBe('running');
      expect(ran).toBe(false);
      await store.close();
      await client.close();
    }
  });

  it('an unanswered statement is given up, and its connection closed', async () => {
    const client = pgClient(database.server.url, undefined, 1);
    const store = client.store({ callTimeoutMs: 500, sweep: false });
    await store.claim(claimOf('x', 'a'));
    const blocker = await database.admin.connect();
    await blocker.query('BEGIN; SELECT FROM latchkey_records FOR UPDATE');
    await expect(store.renew({ id: 'x', token: 'a', leaseMs: 1, unresolvedRetentionMs: 1 })).rejects.toMatchObject(
      unavailable,
    );
    await store.ping();
    await blocker.query('COMMIT');
    blocker.release();
    await store.close();
    await client.close();
  });

  it('a pool of one connection is free for other calls while a duplicate waits', async () => {
    const client = pgClient(database.server.url, undefined, 1);
    const store = client.store({ connectTimeoutMs, sweep: false });
    await store.claim(claimOf('x', 'a'));
    const stop = store.watch?.('x', () => {});
    await store.complete(completionOf('x', 'a'));
    expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'completed' });
    stop?.();
    await store.close();
    await client.close();
  });

  for (const [name, open] of Object.entries({ pg: pgClient, 'postgres.js': postgresJsClient })) {
    it(`the listening connection is returned when no request waits (${name})`, async () => {
      const runtime = manualRuntime();
      const client = open(database.server.url);
      const store = client.store({ sweep: false, runtime });
      const listening = async () =>
        (await database.admin.query("SELECT FROM pg_stat_activity WHERE query ILIKE 'listen %'")).rowCount;
      const stop = store.watch?.('x', () => {});
      await expect.poll(listening).toBe(1);
      stop?.();
      const stopAgain = store.watch?.('y', () => {});
      await runtime.advance(60_000);
      expect(await listening()).toBe(1);
      stopAgain?.();
      await runtime.advance(60_000);
      await expect.poll(listening).toBe(0);
      await store.close();
      await client.close();
    });
  }

  for (const [name, open] of Object.entries({ pg: pgClient, 'postgres.js': postgresJsClient })) {
    it(`another process is notified of a completion, if it listens (${name})`, async () => {
      const [here, there] = [open(database.server.url), open(database.server.url)];
      const [waiting, working] = [here.store({ sweep: false }), there.store({ sweep: false })];
      await working.claim(claimOf('x', 'a'));
      await working.claim(claimOf('y', 'a'));
      let heard = 0;
      waiting.watch?.('y', () => {
        heard += 1;
      });
      const listening = "SELECT FROM pg_stat_activity WHERE query ILIKE 'listen %'";
      await expect
        .poll(async () => (await database.admin.query(listening)).rowCount, { timeout: patience(10_000) })
        .toBe(1);
      const told = new Promise<void>((resolve) => waiting.watch?.('x', resolve));
      await working.complete(completionOf('y', 'a'));
      await working.complete({ ...completionOf('x', 'a'), notify: true });
      await told;
      expect(heard).toBe(0);
      await Promise.all([waiting.close(), working.close()]);
      await Promise.all([here.close(), there.close()]);
    });
  }
});
