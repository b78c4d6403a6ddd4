import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { OperatorStore, Transacted } from '../../../src/core/store.ts';
import { type PostgresTransactions, postgresStore } from '../../../src/stores/postgres/index.ts';
import { bytesOf, claimOf } from '../requests.ts';
import type { BridgeCase } from './bridge-cases.ts';
import type { TestDatabase } from './database.ts';

const request = { id: 'x', token: 'a', leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
const step = { kind: 'step', name: 'step', value: bytesOf('saved') } as const;
const early = { code: 'transaction-ended-early' };

/** The required behaviour of every library's transactions. */
export function bridgeTests<Tx>(database: () => TestDatabase, open: () => BridgeCase<Tx>): void {
  let made: BridgeCase<Tx>;
  let store: OperatorStore<PostgresTransactions<Tx>>;

  beforeAll(() => {
    made = open();
    store = postgresStore<BridgeCase<Tx>['bridge']>({ client: made.bridge, sweep: false });
  });

  afterAll(async () => {
    await store.close();
    await made.close();
  });

  beforeEach(async () => {
    await database().clear();
    await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
  });

  const transact = (body: (tx: Tx) => Promise<unknown>) =>
    store.transaction?.(request, async (tx): Promise<Transacted<unknown>> => ({ value: await body(tx), write: step }));
  const steps = async () => [...((await store.read('x'))?.steps.keys() ?? [])];

  const expectNothing = async () => {
    expect(await database().effects()).toEqual([]);
    expect(await steps()).toEqual([]);
  };

  it('commits the effect and the step together', async () => {
    const outcome = await transact(async (tx) => {
      await made.write(tx, 'one');
      return ['an', 'array'];
    });
    expect(outcome).toEqual({ outcome: 'committed', value: ['an', 'array'] });
    expect(await database().effects()).toEqual(['one']);
    expect(await steps()).toEqual(['step']);
  });

  it('answers plain calls of a store too', async () => {
    expect((await store.claim(claimOf('x', 'b'))).outcome).toBe('running');
    const result = { kind: 'value', bytes: Uint8Array.from([0, 255]) } as const;
    expect(await store.complete({ id: 'x', token: 'a', result, tombstone: bytesOf(''), retentionMs: 1_000 })).toBe(
      'completed',
    );
    expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'completed', result: { kind: 'value' } });
    expect([...((await store.read('x'))?.result?.bytes ?? [])]).toEqual([0, 255]);
  });

  it('adds a message in the transaction, and none after a rollback', async () => {
    const message = { operationId: 'o', operation: 'POST /orders', name: 'mail', payload: Uint8Array.from([0, 255]) };
    const enqueue = (tx: Tx) => Promise.resolve(store.outbox?.enqueue(tx, message));
    const failing = transact(async (tx) => {
      await enqueue(tx);
      throw new RangeError('declined');
    });
    await expect(failing).rejects.toThrow('declined');
    expect(await store.outbox?.take({ limit: 9, leaseMs: 1_000, maxAttempts: 9 })).toEqual({ messages: [], dead: [] });
    expect(await transact(enqueue)).toEqual({ outcome: 'committed', value: true });
    const [taken] = (await store.outbox?.take({ limit: 9, leaseMs: 60_000, maxAttempts: 9 }))?.messages ?? [];
    expect(taken).toMatchObject({ operationId: 'o', name: 'mail', attempts: 1 });
    expect([...(taken?.payload ?? [])]).toEqual([0, 255]);
    expect(await store.outbox?.delivered(taken?.id ?? '', taken?.token ?? '')).toBe(true);
  });

  it('does not commit early by a nested transaction', async () => {
    const failing = transact(async (tx) => {
      await made.write(tx, 'outer');
      await made.nested?.(tx, async (inner) => void (await made.write(inner, 'inner')));
      throw new RangeError('after the nested one');
    });
    await expect(failing).rejects.toThrow('after the nested one');
    await expectNothing();
  });

  it('lets a nested transaction fail alone, or commits it with ours', async () => {
    if (made.nested === undefined) return;
    await transact(async (tx) => {
      await made.write(tx, 'outer');
      const failing = made.nested?.(tx, async (inner) => {
        await made.write(inner, 'undone');
        throw new RangeError('the inner one failed');
      });
      await expect(failing).rejects.toThrow('the inner one failed');
      await made.nested?.(tx, async (inner) => void (await made.write(inner, 'inner')));
    });
    expect(await database().effects()).toEqual(['outer', 'inner']);
    expect(await steps()).toEqual(['step']);
  });

  it('rolls back when the function fails after its write, and rethrows the error', async () => {
    const fault = new RangeError('declined');
    const failing = transact(async (tx) => {
      await made.write(tx, 'one');
      throw fault;
    });
    await expect(failing).rejects.toBe(fault);
    await expectNothing();
    expect((await transact((tx) => made.write(tx, 'two')))?.outcome).toBe('committed');
  });

  for (const ending of ['COMMIT', 'COMMIT AND CHAIN', 'ROLLBACK', 'ROLLBACK AND CHAIN']) {
    it(`refuses a function that did ${ending}, whether or not it got an error`, async () => {
      for (const hears of [true, false]) {
        const ended = transact(async (tx) => {
          await made.write(tx, 'one');
          const statement = made.raw(tx, ending);
          await (hears ? statement : statement.catch(() => {}));
        });
        await expect(ended).rejects.toMatchObject(early);
        await expectNothing();
      }
      expect((await transact((tx) => made.write(tx, 'two')))?.outcome).toBe('committed');
    });
  }

  it('refuses a function that continued after a failed statement', async () => {
    const failed = transact(async (tx) => {
      await made.write(tx, 'one');
      await made.raw(tx, 'SELECT 1 / 0').catch(() => {});
    });
    // postgres.js reports the statement itself; in either case nothing is committed.
    await expect(failed).rejects.toThrow();
    await expectNothing();
  });

  it('is not taken over while it is open, and claims do not wait for it', async () => {
    await store.claim(claimOf('y', 'a', { policy: 'rerun', leaseMs: 20 }));
    const outcome = await store.transaction?.({ ...request, id: 'y' }, async (tx) => {
      await made.write(tx, 'one');
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect((await store.read('y'))?.state).toBe('lapsed');
      expect((await store.claim(claimOf('y', 'b', { takeover: 'any' }))).outcome).toBe('running');
      return { value: 1, write: step };
    });
    expect(outcome).toEqual({ outcome: 'committed', value: 1 });
    expect((await store.read('y'))?.token).toBe('a');
  });

  it('commits nothing for a worker after a takeover', async () => {
    const zombie = transact(async (tx) => {
      await made.write(tx, 'zombie');
      await made.raw(tx, 'ROLLBACK');
      await store.abandon({ id: 'x', token: 'a', unresolvedRetentionMs: 60_000 });
      expect((await store.claim(claimOf('x', 'b', { takeover: 'rerun' }))).outcome).toBe('claimed');
    });
    await expect(zombie).rejects.toMatchObject(early);
    await expectNothing();
    expect((await store.read('x'))?.token).toBe('b');
    expect(await transact((tx) => made.write(tx, 'zombie'))).toEqual({ outcome: 'lost' });
    await expectNothing();
  });
}
