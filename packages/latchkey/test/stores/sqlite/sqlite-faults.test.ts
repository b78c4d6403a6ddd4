import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../../src/core/store.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { temporaryFolder } from './handles.ts';
import { type Interference, type WatchedHandle, watchHandle } from './watched-handle.ts';

type Call = (store: OperatorStore<SqliteTransactions>) => Promise<unknown>;

const owner = { id: 'x', token: 'a' };
const lease = { ...owner, leaseMs: 30_000, unresolvedRetentionMs: 60_000 };

/** Each changes the record `x` that `a` holds, and returns the same when repeated. */
const calls: Readonly<Record<string, Call>> = {
  'claim of a new key': (store) => store.claim(claimOf('new', 'a')).then(({ outcome }) => outcome),
  renew: (store) => store.renew(lease),
  complete: (store) => store.complete(completionOf('x', 'a')),
  release: (store) => store.release({ ...owner, retentionMs: 60_000 }),
  abandon: (store) => store.abandon({ ...owner, unresolvedRetentionMs: 60_000 }),
  saveStep: (store) => store.saveStep({ ...owner, name: 'step', value: bytesOf('saved') }),
  transaction: async (store) => store.transaction?.(lease, () => transacted),
};

const transacted = { value: 'done', write: { kind: 'step', name: 'step', value: bytesOf('saved') } } as const;

describe('faults of SQLite', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let real: DatabaseSync;
  let watched: WatchedHandle;
  let store: OperatorStore<SqliteTransactions>;

  beforeEach(async () => {
    folder = await temporaryFolder();
    real = new DatabaseSync(folder.path('store.db'));
    watched = watchHandle(real);
    store = sqliteStore({ database: watched.db });
    await store.claim(claimOf('x', 'a'));
  });

  afterEach(async () => {
    watched.interfere = () => 'run';
    await store.close();
    real.close();
    await folder.remove();
  });

  /** Makes the statement with this number fail. */
  async function withFaultAt<T>(nth: number, how: Interference, run: () => Promise<T>): Promise<T> {
    let statement = 0;
    watched.interfere = () => {
      statement += 1;
      return statement === nth ? how : 'run';
    };
    return run().finally(() => {
      watched.interfere = () => 'run';
    });
  }

  function stateNow(): string {
    return JSON.stringify(real.prepare('SELECT * FROM latchkey_records ORDER BY seq').all());
  }

  for (const [name, call] of Object.entries(calls)) {
    for (const how of ['fail-before', 'fail-after'] as const) {
      it(`${name}: ${how} at every statement is store-unavailable, and a repeat works`, async () => {
        const before = stateNow();
        let faults = 0;
        // A commit that fails after it was applied is the last statement that can fail.
        for (let nth = 1; stateNow() === before; nth += 1) {
          const answer = await withFaultAt(nth, how, () => call(store).catch((error: unknown) => error));
          if (!(answer instanceof Error)) break;
          faults += 1;
          expect(answer).toMatchObject({ code: 'store-unavailable' });
        }
        expect(faults).toBeGreaterThanOrEqual(3);
        await call(store);
        expect(await call(store)).toEqual(await call(store));
      });
    }
  }

  it('fails the whole group when its commit fails, and applies none of it', async () => {
    watched.interfere = (sql) => (sql === 'COMMIT' ? 'fail-before' : 'run');
    const group = [
      store.claim(claimOf('y', 'a')),
      store.complete(completionOf('x', 'a')),
      store.claim(claimOf('z', 'a')),
    ];
    for (const result of await Promise.allSettled(group)) {
      expect(result.status).toBe('rejected');
      expect(result).toMatchObject({ reason: { code: 'store-unavailable' } });
    }
    watched.interfere = () => 'run';
    expect((await store.read('x'))?.state).toBe('running');
    expect(await store.read('y')).toBeUndefined();
    expect((await store.claim(claimOf('y', 'a'))).outcome).toBe('claimed');
    expect(await store.complete(completionOf('x', 'a'))).toBe('completed');
  });

  it('recovers from a failed rollback', async () => {
    watched.interfere = (sql) => (sql === 'COMMIT' || sql === 'ROLLBACK' ? 'fail-before' : 'run');
    await expect(store.claim(claimOf('y', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
    watched.interfere = () => 'run';
    expect((await store.claim(claimOf('y', 'b'))).outcome).toBe('claimed');
    expect((await store.read('y'))?.token).toBe('b');
  });

  it('lets a commit whose reply was lost succeed when repeated with the same token', async () => {
    watched.interfere = (sql) => (sql === 'COMMIT' ? 'fail-after' : 'run');
    await expect(store.complete(completionOf('x', 'a', 'first'))).rejects.toMatchObject({ code: 'store-unavailable' });
    watched.interfere = () => 'run';
    expect(await store.complete(completionOf('x', 'a', 'second'))).toBe('completed');
    expect((await store.read('x'))?.result?.bytes).toEqual(bytesOf('first'));
  });
});
