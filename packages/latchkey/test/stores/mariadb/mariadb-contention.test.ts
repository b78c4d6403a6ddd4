import { createPool, type PoolConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import { type MariadbTransactions, mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { writeEffect } from './pools.ts';

describe.runIf(isSelected('mariadb'))('MariaDB under contention', () => {
  let database: TestDatabase;
  let store: OperatorStore<MariadbTransactions<PoolConnection>>;

  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  beforeEach(async () => {
    await database.clear();
    store = mariadbStore({ client: database.pool });
  });

  afterEach(() => store.close());

  it('four processes claim every key exactly once', async () => {
    const [processes, keys, duplicates] = [4, 200, 8];
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`SEED=${seed}`);
    const script = new URL('./children/claim-keys.ts', import.meta.url).href;
    const share = String(duplicates / processes);
    const argumentsOf = (index: number) => [String(database.server.port), String(keys), share, String(seed + index)];
    const children = Array.from({ length: processes }, (_, index) => spawnChild(script, argumentsOf(index)));
    const outputs = await Promise.all(children.map(outputOf));
    const claimed = outputs.flatMap((output): [string, string][] => JSON.parse(output));
    expect(claimed).toHaveLength(keys);
    const tokens = new Map(claimed);
    expect(tokens.size).toBe(keys);
    for (const [key, token] of tokens) {
      const record = await store.read(key);
      expect(record?.state).toBe('completed');
      expect(new TextDecoder().decode(record?.result?.bytes)).toBe(token);
    }
  });

  it('one of many concurrent claims gets the record, whether new, open, lapsed or expired', async () => {
    const race = async (id: string) => {
      const tokens = Array.from({ length: 12 }, (_, index) => `${id}-${index}`);
      const claims = tokens.map((token) => store.claim(claimOf(id, token, { takeover: 'any' })));
      const outcomes = (await Promise.all(claims)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'running')).toHaveLength(11);
    };
    await race('new');
    for (const id of ['open', 'lapsed', 'expired']) await store.claim(claimOf(id, 'a'));
    await store.release({ id: 'open', token: 'a', retentionMs: 60_000 });
    await store.abandon({ id: 'lapsed', token: 'a', unresolvedRetentionMs: 60_000 });
    await database.pool.query("UPDATE latchkey_records SET expires = 1 WHERE id = 'expired'");
    for (const id of ['open', 'lapsed', 'expired']) await race(id);
  });

  it('a statement that loses a deadlock is retried', async () => {
    for (const id of ['first', 'second']) await store.claim(claimOf(id, 'a'));
    const before = await database.status('Innodb_deadlocks');
    const rival = await database.pool.getConnection();
    await rival.beginTransaction();
    // The server rolls back the transaction with fewer changes.
    await rival.query("INSERT INTO effects (effect) SELECT 'weight' FROM seq_1_to_100");
    await rival.query("SELECT seq FROM latchkey_records WHERE id = 'second' FOR UPDATE");
    const erasing = store.erase('principal');
    while ((await database.status('Innodb_row_lock_current_waits')) === 0);
    await rival.query("SELECT seq FROM latchkey_records WHERE id = 'first' FOR UPDATE");
    expect(await database.status('Innodb_deadlocks')).toBe(before + 1);
    await rival.commit();
    rival.release();
    expect(await erasing).toBe(2);
  });

  it('a call gives up on a record that stays locked', async () => {
    await store.claim(claimOf('x', 'a'));
    const pool = createPool({ ...database.server.admin, connectionLimit: 1 });
    pool.on('connection', (connection) => void connection.query('SET innodb_lock_wait_timeout = 0'));
    const impatient = mariadbStore({ client: pool });
    const holder = await database.pool.getConnection();
    await holder.beginTransaction();
    await holder.query("SELECT seq FROM latchkey_records WHERE id = 'x' FOR UPDATE");
    await expect(impatient.complete(completionOf('x', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
    await holder.rollback();
    holder.release();
    expect(await impatient.complete(completionOf('x', 'a'))).toBe('completed');
    await impatient.close();
    await pool.end();
  });

  it('a pool without a free connection makes calls fail in time, and work again later', async () => {
    const pool = createPool({ ...database.server.admin, connectionLimit: 1 });
    const single = mariadbStore({ client: pool, callTimeoutMs: 300 });
    await single.ping();
    const taken = await pool.getConnection();
    const calls = [single.claim(claimOf('x', 'a')), single.read('x'), single.erase('principal')];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ reason: { code: 'store-unavailable' } });
    taken.release();
    expect(await single.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'claimed', attempt: 1 });
    await single.close();
    await pool.end();
  });

  it('a connection whose statement got no answer is not used again', async () => {
    const pool = createPool({ ...database.server.admin, connectionLimit: 1 });
    const single = mariadbStore({ client: pool, callTimeoutMs: 500 });
    await single.claim(claimOf('x', 'a'));
    const holder = await database.pool.getConnection();
    await holder.beginTransaction();
    await holder.query("SELECT seq FROM latchkey_records WHERE id = 'x' FOR UPDATE");
    await expect(single.renew(claimOf('x', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
    expect((await single.read('x'))?.state).toBe('running');
    await holder.rollback();
    holder.release();
    await single.close();
    await pool.end();
  });

  it('sends the documented number of statements', async () => {
    const counted = mariadbStore({ client: database.pool, sweep: false });
    await counted.ping();
    const count = async (call: () => Promise<unknown>) => {
      const before = await database.status('Questions');
      await call();
      return (await database.status('Questions')) - before - 1;
    };
    const owner = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000, retentionMs: 60_000 };
    const write = { kind: 'step', name: 'two', value: bytesOf('2') } as const;
    const body = async (connection: PoolConnection) => {
      await writeEffect(connection, 'one');
      return { value: 1, write };
    };
    const counts = {
      claim: await count(() => counted.claim(claimOf('x', 'a'))),
      running: await count(() => counted.claim(claimOf('x', 'b'))),
      renew: await count(() => counted.renew(owner)),
      step: await count(() => counted.saveStep({ ...owner, name: 'one', value: bytesOf('1') })),
      transaction: await count(() => counted.transaction?.(owner, body) ?? Promise.reject()),
      abandon: await count(() => counted.abandon(owner)),
      takeover: await count(() => counted.claim(claimOf('x', 'b', { takeover: 'any' }))),
      complete: await count(() => counted.complete(completionOf('x', 'b'))),
      replay: await count(() => counted.claim(claimOf('x', 'c'))),
      sweep: await count(() => counted.sweep(10)),
    };
    // A transaction also has the statement of its function.
    const expected = { claim: 1, running: 1, renew: 1, step: 1, transaction: 3, abandon: 1, takeover: 2 };
    expect(counts).toEqual({ ...expected, complete: 1, replay: 1, sweep: 1 });
    await counted.close();
  });

  it('a replay waits for no lock and writes nothing', async () => {
    await store.claim(claimOf('x', 'a'));
    await store.complete(completionOf('x', 'a'));
    const holder = await database.pool.getConnection();
    await holder.beginTransaction();
    await holder.query("SELECT seq FROM latchkey_records WHERE id = 'x' FOR UPDATE");
    const [updated, inserted] = ['Innodb_rows_updated', 'Innodb_rows_inserted'];
    const before = [await database.status(updated), await database.status(inserted)];
    // It would never be answered if it waited for the lock.
    expect((await store.claim(claimOf('x', 'b'))).outcome).toBe('completed');
    expect([await database.status(updated), await database.status(inserted)]).toEqual(before);
    await holder.rollback();
    holder.release();
  });
});
