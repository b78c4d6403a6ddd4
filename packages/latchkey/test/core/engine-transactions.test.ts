import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FinalWrite } from '../../src/core/context.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import { StoreUnavailableError } from '../../src/core/errors.ts';
import { idempotent } from '../../src/function/idempotent.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { done, operation, runResult, told } from './engine-rig.ts';

const rerun = { afterFailure: 'rerun' } as const;
const answer = (text: string): FinalWrite => {
  const { result, tombstone } = done(text);
  return { result, tombstone };
};

let folder: string;
let database: DatabaseSync;
let store: ReturnType<typeof openStore>;

function openStore() {
  return sqliteStore({ database });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-engine-'));
  database = new DatabaseSync(join(folder, 'orders.db'));
  database.exec('CREATE TABLE orders (name TEXT)');
  store = openStore();
});

afterEach(async () => {
  await store.close();
  database.close();
  await rm(folder, { recursive: true });
});

const orders = () =>
  database
    .prepare('SELECT name FROM orders')
    .all()
    .map(({ name }) => name);

describe('transactions', () => {
  it('cost the store one call each, and finish replaces the completion', async () => {
    const { store: counted, faults } = faultyStore(store);
    await new Engine({ store: counted }).run(operation(), async (context) => {
      await context.transaction('order', () => 1);
      await context.finish(() => answer('done'));
      return done('x');
    });
    expect(Object.fromEntries(faults.calls)).toEqual({ claim: 1, transaction: 2 });
  });

  it('commit effect and step together, once over two attempts', async () => {
    const engine = new Engine({ store });
    for (const outcome of ['failed', 'done'] as const) {
      await engine.run(operation(rerun), async (context) => {
        const name = await context.transaction('order', (handle) => {
          handle.prepare('INSERT INTO orders VALUES (?)').run('first');
          return { saved: 'first' };
        });
        expect(name).toEqual({ saved: 'first' });
        return runResult(outcome, 'x');
      });
    }
    expect(orders()).toEqual(['first']);
  });

  it('a commit of finish without a reply is final, whatever the handler answers', async () => {
    const faulty = faultyStore(store);
    faulty.faults.next('transaction', { kind: 'lose-reply' });
    const engine = new Engine({ store: faulty.store });
    const outcome = await engine.run(operation(), async (context) => {
      await expect(context.finish(() => answer('committed'))).rejects.toThrow('was lost (simulated)');
      return runResult('failed', 'something went wrong');
    });
    expect(told(outcome)).toBe('executed lost');
    expect(told(await engine.run(operation(), async () => done('again')))).toBe('replay value committed');
  });

  it('a finish that was rolled back leaves the answer to the handler', async () => {
    const transact = store.transaction?.bind(store);
    const rollingBack: typeof store = {
      ...faultyStore(store).store,
      transaction: async (request, body) =>
        transact?.(request, (handle) => {
          body(handle);
          throw new StoreUnavailableError('The disk is full.');
        }) ?? { outcome: 'lost' },
    };
    const engine = new Engine({ store: rollingBack });
    const outcome = await engine.run(operation(), async (context) => {
      await expect(context.finish(() => answer('never'))).rejects.toThrow('disk is full');
      return runResult('failed', 'something went wrong');
    });
    expect(told(outcome)).toBe('executed stored');
    expect(told(await engine.run(operation(), async () => done('again')))).toBe('replay value something went wrong');
  });

  it('leave nothing when the function throws, and may be retried', async () => {
    const engine = new Engine({ store });
    await engine.run(operation(), async (context) => {
      const order = (fails: boolean) =>
        context.transaction('order', (handle) => {
          handle.prepare('INSERT INTO orders VALUES (?)').run('x');
          if (fails) throw new Error('no stock');
        });
      await expect(order(true)).rejects.toThrow('no stock');
      expect(orders()).toEqual([]);
      await order(false);
      return done('one');
    });
    expect(orders()).toEqual(['x']);
  });

  it('refuse a promise and roll back', async () => {
    const engine = new Engine({ store });
    await engine.run(operation(), async (context) => {
      const asynchronous = async () => void database.prepare('INSERT INTO orders VALUES (?)').run('x');
      const call = context.transaction as (name: string, fn: () => unknown) => Promise<unknown>;
      await expect(Reflect.apply(call, context, ['order', asynchronous])).rejects.toMatchObject({
        code: 'transaction-asynchronous',
      });
      return done('one');
    });
    expect(orders()).toEqual([]);
  });

  it('R44: of a worker are refused after a takeover', async () => {
    const engine = new Engine({ store });
    const outcome = await engine.run(operation(), async (context) => {
      await store.erase('principal');
      const order = context.transaction('order', (handle) => handle.prepare('INSERT INTO orders VALUES (?)').run('x'));
      await expect(order).rejects.toMatchObject({ code: 'lease-lost' });
      expect(context.signal.aborted).toBe(true);
      return done('one');
    });
    expect(told(outcome)).toBe('executed lost');
    expect(orders()).toEqual([]);
  });
});

describe('finish', () => {
  it('commits effect, answer and completion together; later acts of the handler change nothing', async () => {
    const engine = new Engine({ store });
    const outcome = await engine.run(operation(rerun), async (context) => {
      await context.finish((handle) => {
        handle.prepare('INSERT INTO orders VALUES (?)').run('one');
        return answer('finished');
      });
      await expect(context.finish(() => answer('again'))).rejects.toMatchObject({ code: 'step-name-reused' });
      return runResult('failed', 'ignored');
    });
    expect(told(outcome)).toBe('executed stored');
    expect(told(await engine.run(operation(rerun), async () => done('x')))).toBe('replay value finished');
    expect(orders()).toEqual(['one']);
  });

  it('returns the value of a plain function, first and replayed', async () => {
    const order = idempotent(
      async (name: string, context) =>
        context.finish((handle) => {
          handle.prepare('INSERT INTO orders VALUES (?)').run(name);
          return { name, at: new Date(0) };
        }),
      { store, name: 'order', key: (name) => name },
    );
    const first = await order('a');
    expect(first).toEqual({ name: 'a', at: '1970-01-01T00:00:00.000Z' });
    expect(await order('a')).toEqual(first);
    expect(orders()).toEqual(['a']);
  });
});
