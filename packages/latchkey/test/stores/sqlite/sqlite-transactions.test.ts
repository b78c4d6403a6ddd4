import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { bytesOf, claimOf } from '../requests.ts';
import { drivers, type Handle, temporaryFolder } from './handles.ts';

const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
const step = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;

for (const [driver, open] of Object.entries(drivers)) {
  describe(`transactions on ${driver}`, () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let handle: Handle;
    let store: OperatorStore<SqliteTransactions<Handle>>;

    beforeEach(async () => {
      folder = await temporaryFolder();
      handle = open(folder.path('store.db'));
      handle.exec('PRAGMA foreign_keys = ON; CREATE TABLE orders (name TEXT PRIMARY KEY)');
      store = sqliteStore({ database: handle });
      await store.claim(claimOf('x', 'a'));
    });

    afterEach(async () => {
      await store.close();
      handle.close();
      await folder.remove();
    });

    const insert = (name: string) => handle.prepare('INSERT INTO orders VALUES (?)').run(name);
    const orders = () => handle.prepare('SELECT name FROM orders').all().length;
    const transact = <T>(body: (handle: Handle) => Transacted<T>) => store.transaction?.(request, body);

    it('passes the given handle', async () => {
      const outcome = await transact((given) => ({ value: given === handle, write: step }));
      expect(outcome).toEqual({ outcome: 'committed', value: true });
    });

    it('rolls back and throws when the function is asynchronous', async () => {
      const unnoticed = () => Promise.reject(new Error('nobody listens'));
      const asynchronous = transact(() => {
        insert('one');
        return { value: unnoticed(), write: step };
      });
      await expect(asynchronous).rejects.toMatchObject({ code: 'transaction-asynchronous' });
      expect(orders()).toBe(0);
      expect((await store.read('x'))?.steps.size).toBe(0);
    });

    for (const ending of ['COMMIT', 'ROLLBACK', 'COMMIT; BEGIN', 'ROLLBACK; BEGIN']) {
      it(`detects that the function did ${ending}`, async () => {
        const early = transact(() => {
          insert('one');
          handle.exec(ending);
          return { value: 1, write: step };
        });
        await expect(early).rejects.toMatchObject({ code: 'transaction-ended-early' });
        expect((await store.read('x'))?.steps.size).toBe(0);
        expect((await transact(() => ({ value: 1, write: step })))?.outcome).toBe('committed');
      });
    }

    it('lets the function use its own savepoints', async () => {
      await transact(() => {
        handle.exec('SAVEPOINT mine');
        insert('one');
        handle.exec('ROLLBACK TO mine; RELEASE mine');
        insert('two');
        return { value: 1, write: step };
      });
      expect(orders()).toBe(1);
    });

    it('throws constraint errors of the user’s schema, at the statement or at the commit', async () => {
      insert('taken');
      const atStatement = transact(() => {
        insert('taken');
        return { value: 1, write: step };
      });
      await expect(atStatement).rejects.toThrow(/UNIQUE/);
      handle.exec('CREATE TABLE lines (name REFERENCES orders DEFERRABLE INITIALLY DEFERRED)');
      const atCommit = transact(() => {
        handle.exec("INSERT INTO lines VALUES ('nobody')");
        return { value: 1, write: step };
      });
      await expect(atCommit).rejects.toThrow(/FOREIGN KEY/);
      expect((await store.read('x'))?.steps.size).toBe(0);
    });

    it('runs the function in the async context of its caller', async () => {
      const context = new AsyncLocalStorage<string>();
      const run = (name: string) =>
        context.run(name, () => transact(() => ({ value: context.getStore(), write: step })));
      const outcomes = await Promise.all([run('first'), run('second')]);
      expect(outcomes).toMatchObject([{ value: 'first' }, { value: 'second' }]);
    });

    it('waits while the handle’s user is in a transaction, and gives up at the time limit', async () => {
      await store.close();
      const impatient = sqliteStore({ database: handle, lockTimeoutMs: 100 });
      handle.exec('BEGIN');
      insert('mine');
      await expect(impatient.claim(claimOf('y', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
      const later = impatient.claim(claimOf('z', 'a'));
      handle.exec('COMMIT');
      expect((await later).outcome).toBe('claimed');
      expect(orders()).toBe(1);
      await impatient.close();
    });

    it('leaves the handle open with its former busy timeout', async () => {
      handle.exec('PRAGMA busy_timeout = 1234');
      const second = sqliteStore({ database: handle });
      await second.claim(claimOf('y', 'a'));
      await second.read('y');
      await second.close();
      expect(handle.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 1234 });
      insert('still open');
    });
  });
}
