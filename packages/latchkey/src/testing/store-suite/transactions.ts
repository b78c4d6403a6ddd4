/**
 * Transactions: an effect in the store's own database and its record are one commit.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type {
  RenewRequest,
  Store,
  Transacted,
  TransactionKind,
  TransactionOutcome,
  TransactionWrite,
} from '../../core/store.ts';
import { type Bench, bytes, recordName, stepTexts, type Test } from './fixture.ts';

const step: TransactionWrite = { kind: 'step', name: 'charge', value: bytes('paid') };

/** Tests of `transaction`. */
export function transactionTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('an effect and its step are committed together', async (bench) => {
    await bench.take('a');
    const outcome = await transact(bench, 'a', step);
    assert.deepEqual(outcome, { outcome: 'committed', value: 'value' });
    assert.deepEqual(await written(bench), ['effect']);
    assert.deepEqual(stepTexts((await bench.record()).steps), [['charge', 'paid']]);
    await bench.assertState('running');
  });

  test('an effect and the final result are committed together', async (bench) => {
    await bench.take('a');
    const result = { kind: 'value', bytes: bytes('final') } as const;
    const write = { kind: 'result', result, tombstone: bytes('gone'), retentionMs: bench.retentionMs } as const;
    assert.equal((await transact(bench, 'a', write)).outcome, 'committed');
    assert.deepEqual(await written(bench), ['effect']);
    await bench.assertResult('final');
    assert.equal(await bench.complete('a', 'other'), 'completed');
    await bench.advance(bench.retentionMs);
    await bench.assertState('absent');
  });

  test('without ownership nothing is run', async (bench) => {
    assert.deepEqual(await transact(bench, 'a', step), { outcome: 'lost' });
    await bench.lapse('a', 'rerun');
    await bench.take('b', { takeover: 'rerun' });
    assert.deepEqual(await transact(bench, 'a', step), { outcome: 'lost' });
    await bench.abandon('b');
    assert.deepEqual(await transact(bench, 'b', step), { outcome: 'lost' });
    await bench.release('b');
    assert.deepEqual(await transact(bench, 'b', step), { outcome: 'lost' });
    assert.deepEqual(await written(bench), []);
    assert.equal((await bench.record()).steps.size, 0);
  });

  test('a throw rolls back and is rethrown', async (bench) => {
    await bench.take('a');
    const fault = new RangeError('the card was declined');
    const failing = transact(bench, 'a', step, () => {
      throw fault;
    });
    await assert.rejects(failing, (error) => error === fault);
    assert.deepEqual(await written(bench), []);
    assert.equal((await bench.record()).steps.size, 0);
    assert.equal((await transact(bench, 'a', step)).outcome, 'committed');
  });

  test('the lease is extended to cover the transaction', async (bench) => {
    await bench.take('a');
    await transact(bench, 'a', step, undefined, bench.leaseMs * 3);
    await bench.advance(bench.leaseMs * 2);
    await bench.assertState('running');
  });

  test('concurrent transactions and plain calls do not affect each other', async (bench) => {
    const ids = Array.from({ length: 12 }, (_, index) => `record-${index}`);
    const run = async (id: string, index: number) => {
      await bench.take('a', { id });
      const even = index % 2 === 0;
      if (even) assert.equal((await transact(bench, 'a', step, undefined, bench.leaseMs, id)).outcome, 'committed');
      assert.equal(await bench.complete('a', `result of ${id}`, id), 'completed');
    };
    await Promise.all(ids.map(run));
    assert.equal((await written(bench)).length, 6);
    for (const id of ids) await bench.assertState('completed', id);
  });

  test('a step that was already saved keeps its value', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'first');
    await transact(bench, 'a', step);
    assert.deepEqual(stepTexts((await bench.record()).steps), [['charge', 'first']]);
  });
}

/** Runs a transaction that writes `effect` and then calls `then`. */
async function transact<Kind extends TransactionKind>(
  bench: Bench<Kind>,
  token: string,
  write: TransactionWrite,
  then: () => void = () => {},
  leaseMs: number = bench.leaseMs,
  id: string = recordName,
): Promise<TransactionOutcome<string>> {
  const { transactions } = bench.subject;
  assert.ok(transactions, 'a store with transactions comes with a probe');
  const request = { id, token, leaseMs, unresolvedRetentionMs: bench.unresolvedMs };
  const finish = (): Transacted<string> => {
    then();
    return { value: 'value', write };
  };
  return callTransaction(bench.store, request, (handle) => {
    const writing = transactions.write(handle, 'effect');
    return writing === undefined ? finish() : writing.then(finish);
  });
}

/** Calls a transaction of either mode. */
export function callTransaction<Kind extends TransactionKind>(
  store: Store<Kind>,
  request: RenewRequest,
  body: (handle: Kind['handle']) => Transacted<string> | Promise<Transacted<string>>,
): Promise<TransactionOutcome<string>> {
  assert.ok(store.transaction, 'the store has transactions');
  return Reflect.apply(store.transaction, store, [request, body]);
}

async function written<Kind extends TransactionKind>(bench: Bench<Kind>): Promise<readonly string[]> {
  return (await bench.subject.transactions?.written()) ?? [];
}
