import { once } from 'node:events';
import type { PoolConnection, ResultSetHeader } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { type MariadbTransactions, mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf } from '../requests.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { writeEffect } from './pools.ts';

const leaseMs = 1_000;
const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
const step = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;
const takeover = { takeover: 'rerun', leaseMs: 30_000 } as const;

describe.runIf(isSelected('mariadb'))('transactions on MariaDB', () => {
  let database: TestDatabase;
  let store: OperatorStore<MariadbTransactions<PoolConnection>>;

  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  beforeEach(async () => {
    await database.clear();
    store = mariadbStore({ client: database.pool });
    await store.claim(claimOf('x', 'a', { policy: 'rerun', leaseMs }));
  });

  afterEach(() => store.close());

  const transact = <T>(body: (connection: PoolConnection) => Promise<Transacted<T>>) =>
    store.transaction?.(request, body) ?? Promise.reject(new TypeError('no transactions'));

  const lapse = () => database.pool.query('UPDATE latchkey_records SET lease_end = 1');

  const endings = ['COMMIT', 'ROLLBACK', 'BEGIN', 'CREATE TABLE IF NOT EXISTS made_by_ddl (seq INT)'];
  for (const ending of endings) {
    it(`detects that the function did ${ending}`, async () => {
      const early = transact(async (connection) => {
        await writeEffect(connection, 'one');
        await connection.query(ending);
        return { value: 1, write: step };
      });
      await expect(early).rejects.toMatchObject({ code: 'transaction-ended-early' });
      expect((await store.read('x'))?.steps.size).toBe(0);
      expect((await transact(async () => ({ value: 1, write: step }))).outcome).toBe('committed');
    });
  }

  it('detects that the function ended it and began another', async () => {
    const early = transact(async (connection) => {
      await connection.commit();
      await connection.beginTransaction();
      await writeEffect(connection, 'two');
      return { value: 1, write: step };
    });
    await expect(early).rejects.toMatchObject({ code: 'transaction-ended-early' });
    expect(await database.effects()).toEqual([]);
  });

  it('lets the function use its own savepoints', async () => {
    await transact(async (connection) => {
      await connection.query('SAVEPOINT mine');
      await writeEffect(connection, 'one');
      await connection.query('ROLLBACK TO mine');
      await writeEffect(connection, 'two');
      return { value: 1, write: step };
    });
    expect(await database.effects()).toEqual(['two']);
  });

  it('rolls back after an error, and restores the connection', async () => {
    const settings = 'SELECT @@SESSION.idle_transaction_timeout AS idle, @@in_transaction AS open';
    let used: number | null | undefined;
    const failing = transact(async (connection) => {
      used = connection.threadId;
      await writeEffect(connection, 'one');
      const [header] = await connection.query<ResultSetHeader>('INSERT INTO effects (seq, effect) VALUES (NULL, NULL)');
      return { value: header, write: step };
    });
    await expect(failing).rejects.toMatchObject({ errno: 1048 });
    expect(await database.effects()).toEqual([]);
    const connection = await database.pool.getConnection();
    expect(connection.threadId).toBe(used);
    const [rows] = await connection.query(settings);
    expect(rows).toEqual([{ idle: 0, open: 0 }]);
    connection.release();
  });

  it('refuses a takeover during a transaction, and lets no claim wait for it', async () => {
    const onlooker = mariadbStore({ client: database.pool });
    const outcome = await transact(async (connection) => {
      await writeEffect(connection, 'one');
      await new Promise((resolve) => setTimeout(resolve, leaseMs + 50));
      // The claims are answered while the record is locked; if one waited, the test would not end.
      const others = await Promise.all(['b', 'c'].map((token) => onlooker.claim(claimOf('x', token, takeover))));
      expect(others.map((other) => other.outcome)).toEqual(['running', 'running']);
      expect(await onlooker.sweep(10)).toBe(0);
      const request = { id: 'x', token: 'a', resolution: { decision: 'forget' } } as const;
      expect(await onlooker.resolve(request)).toBe(false);
      return { value: 'mine', write: step };
    });
    expect(outcome).toEqual({ outcome: 'committed', value: 'mine' });
    expect(await database.effects()).toEqual(['one']);
    await lapse();
    expect(await onlooker.claim(claimOf('x', 'b', takeover))).toMatchObject({ outcome: 'claimed', attempt: 2 });
    expect(await transact(async () => ({ value: 1, write: step }))).toEqual({ outcome: 'lost' });
    await onlooker.close();
  });

  it('refuses the commit of a worker that was frozen past its lease and taken over', async () => {
    const child = spawnChild(new URL('./children/hold-transaction.ts', import.meta.url).href, [
      String(database.server.port),
      String(leaseMs),
    ]);
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    let outcome = 'running';
    while (outcome === 'running') {
      ({ outcome } = await store.claim(claimOf('x', 'b', takeover)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(outcome).toBe('claimed');
    const output = outputOf(child);
    child.kill('SIGCONT');
    child.stdin.end();
    expect(await output).toBe('store-unavailable');
    expect(await database.effects()).toEqual([]);
    expect(await store.read('x')).toMatchObject({ token: 'b', state: 'running', steps: new Map() });
  });

  it('detects that the function continued after a deadlock', async () => {
    await database.pool.query("INSERT INTO effects (seq, effect) VALUES (1, 'first'), (2, 'second')");
    const rival = await database.pool.getConnection();
    await rival.beginTransaction();
    await rival.query("INSERT INTO effects (effect) SELECT 'weight' FROM seq_1_to_100");
    await rival.query('SELECT * FROM effects WHERE seq = 1 FOR UPDATE');
    const swallowing = transact(async (connection) => {
      await connection.query('SELECT * FROM effects WHERE seq = 2 FOR UPDATE');
      const waiting = connection.query('SELECT * FROM effects WHERE seq = 1 FOR UPDATE').catch(() => {});
      await Promise.all([waiting, rival.query('SELECT * FROM effects WHERE seq = 2 FOR UPDATE')]);
      await writeEffect(connection, 'after the deadlock');
      return { value: 1, write: step };
    });
    await expect(swallowing).rejects.toMatchObject({ code: 'transaction-ended-early' });
    await rival.rollback();
    rival.release();
  });
});
