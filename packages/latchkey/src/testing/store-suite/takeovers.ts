/**
 * Takeovers of lapsed records, and calls of late workers.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { AfterFailure, Takeover, TransactionKind } from '../../core/store.ts';
import { stepTexts, type Test } from './fixture.ts';

const rules: readonly (readonly [AfterFailure, Takeover, boolean])[] = [
  ['refuse', 'none', false],
  ['refuse', 'rerun', false],
  ['refuse', 'any', true],
  ['rerun', 'none', false],
  ['rerun', 'rerun', true],
  ['rerun', 'any', true],
];

/** Claims on lapsed records, and late calls of the old owner. */
export function takeoverTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  for (const [policy, takeover, allowed] of rules) {
    test(`a lapsed ${policy} record and takeover: ${takeover}`, async (bench) => {
      await bench.lapse('a', policy);
      const outcome = await bench.claim('b', { takeover, policy: 'rerun' });
      if (!allowed) return assert.deepEqual(outcome, { outcome: 'lapsed', fingerprint: 'print-1', policy, attempt: 1 });
      assert.equal(outcome.outcome, 'claimed');
      if (outcome.outcome !== 'claimed') return;
      const { attempt, operationId, tookOver } = outcome;
      assert.deepEqual([attempt, operationId, outcome.policy, tookOver], [2, 'operation-of-a', policy, true]);
    });
  }

  test('a lapsed record is not taken over for another payload', async (bench) => {
    await bench.lapse('a', 'rerun');
    const outcome = await bench.claim('b', { takeover: 'any', fingerprint: 'print-2' });
    assert.equal(outcome.outcome === 'lapsed' && outcome.fingerprint, 'print-1');
    await bench.take('c', { takeover: 'any', fingerprint: 'print-2', acceptable: ['print-2', 'print-1'] });
    assert.equal((await bench.record()).fingerprint, 'print-1');
  });

  test('a lapsed record is not taken over after maxAttempts claims', async (bench) => {
    await bench.lapse('a', 'rerun');
    await bench.take('b', { takeover: 'rerun', maxAttempts: 2 });
    await bench.advance(bench.leaseMs);
    for (const takeover of ['rerun', 'any'] as const) {
      const outcome = await bench.claim('c', { takeover, maxAttempts: 2 });
      assert.equal(outcome.outcome === 'lapsed' && outcome.attempt, 2);
    }
    assert.equal((await bench.take('c', { takeover: 'rerun', maxAttempts: 3 })).attempt, 3);
  });

  test('a takeover gets the saved steps in their order', async (bench) => {
    await bench.take('a', { policy: 'rerun' });
    await bench.saveStep('a', 'two', '2');
    await bench.saveStep('a', 'one', '1');
    await bench.advance(bench.leaseMs);
    const { steps } = await bench.take('b', { takeover: 'rerun' });
    assert.deepEqual(stepTexts(steps), [
      ['two', '2'],
      ['one', '1'],
    ]);
  });

  test('a repeated takeover returns tookOver again', async (bench) => {
    await bench.lapse('a', 'rerun');
    await bench.take('b', { takeover: 'rerun' });
    const again = await bench.take('b', { takeover: 'rerun' });
    assert.deepEqual([again.attempt, again.tookOver], [2, true]);
  });

  test('of many concurrent takeovers exactly one succeeds', async (bench) => {
    await bench.lapse('a', 'rerun');
    const tokens = Array.from({ length: 10 }, (_, index) => `token-${index}`);
    const outcomes = await Promise.all(tokens.map((token) => bench.claim(token, { takeover: 'rerun' })));
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'claimed').length, 1);
  });

  fencingTests(test);
}

function fencingTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a worker can do nothing after a takeover', async (bench) => {
    await bench.lapse('a', 'rerun');
    await bench.take('b', { takeover: 'rerun' });
    assert.equal(await bench.renew('a'), false);
    assert.equal(await bench.saveStep('a', 'late', 'x'), false);
    assert.equal(await bench.release('a'), false);
    assert.equal(await bench.abandon('a'), false);
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    const record = await bench.record();
    assert.deepEqual([record.state, record.token, record.steps.size], ['running', 'b', 0]);
    assert.equal(await bench.complete('b', 'true answer'), 'completed');
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    await bench.assertResult('true answer');
  });

  test('a late worker completes if no other took over', async (bench) => {
    await bench.lapse('a');
    await bench.claim('b');
    assert.equal(await bench.complete('a', 'late'), 'completed');
    await bench.assertResult('late');
  });

  test('a late worker renews and saves its step if no other took over', async (bench) => {
    await bench.lapse('a');
    assert.equal(await bench.saveStep('a', 'charge', 'paid'), true);
    await bench.assertState('lapsed');
    assert.equal(await bench.renew('a'), true);
    await bench.assertState('running');
    assert.equal((await bench.record()).steps.size, 1);
  });
}
