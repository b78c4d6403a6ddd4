/**
 * When a record expires, and that it counts as absent then, swept or not.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { isOperatorStore, type TransactionKind } from '../../core/store.ts';
import type { Bench, Test } from './fixture.ts';

async function assertGone<Kind extends TransactionKind>(bench: Bench<Kind>): Promise<void> {
  await bench.assertState('absent');
  if (isOperatorStore(bench.store))
    for (const state of ['running', 'lapsed', 'open', 'completed'] as const)
      assert.deepEqual(await bench.store.list({ state, limit: 10 }), { records: [] });
  assert.equal(await bench.complete('a'), 'lost');
  const claimed = await bench.take('b', { fingerprint: 'print-2', policy: 'rerun' });
  assert.deepEqual([claimed.attempt, claimed.operationId, claimed.policy], [1, 'operation-of-b', 'rerun']);
  assert.deepEqual([claimed.tookOver, claimed.steps.size], [false, 0]);
}

/** Retention of each state. */
export function expiryTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a completed record expires when its retention ends', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'paid');
    await bench.complete('a');
    await bench.advance(bench.retentionMs * 0.8);
    await bench.assertResult('result');
    await bench.advance(bench.retentionMs * 0.2);
    await assertGone(bench);
  });

  test('an open record expires when its retention ends', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'paid');
    await bench.release('a');
    await bench.advance(bench.retentionMs * 0.8);
    await bench.assertState('open');
    await bench.advance(bench.retentionMs * 0.2);
    await assertGone(bench);
  });

  test('a lapsed record expires after unresolvedRetentionMs, not after retention', async (bench) => {
    await bench.lapse('a');
    await bench.advance(bench.unresolvedMs * 0.9);
    await bench.assertNothingToSweep();
    await bench.assertState('lapsed');
    await bench.advance(bench.unresolvedMs * 0.1);
    await assertGone(bench);
  });

  test('an abandoned record is kept as long as any lapsed one', async (bench) => {
    await bench.take('a');
    await bench.abandon('a');
    await bench.advance(bench.unresolvedMs * 0.9);
    await bench.assertState('lapsed');
    await bench.advance(bench.unresolvedMs * 0.1);
    await assertGone(bench);
  });

  test('a renewed running record never expires', async (bench) => {
    await bench.take('a', { unresolvedRetentionMs: 1 });
    for (let beat = 0; beat < 4; beat += 1) {
      await bench.advance(bench.leaseMs * 0.75);
      assert.equal(await bench.renew('a'), true);
      await bench.assertNothingToSweep();
    }
    await bench.assertState('running');
  });
}
