/**
 * Claims on every state of a record.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { stepTexts, type Test } from './fixture.ts';

/** Claims on absent, running, open and completed records. */
export function claimTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a claim creates an absent record', async (bench) => {
    const claimed = await bench.take('a', { policy: 'rerun' });
    assert.equal(claimed.attempt, 1);
    assert.equal(claimed.operationId, 'operation-of-a');
    assert.equal(claimed.policy, 'rerun');
    assert.equal(claimed.tookOver, false);
    assert.equal(claimed.steps.size, 0);
  });

  test('of many concurrent claims exactly one succeeds', async (bench) => {
    const tokens = Array.from({ length: 20 }, (_, index) => `token-${index}`);
    const outcomes = await Promise.all(tokens.map((token) => bench.claim(token)));
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'claimed').length, 1);
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'running').length, 19);
  });

  test('a claim of a running record returns its remaining lease and its payload', async (bench) => {
    await bench.take('a');
    await bench.advance(bench.leaseMs / 2);
    const outcome = await bench.claim('b', { fingerprint: 'print-2', takeover: 'any' });
    assert.equal(outcome.outcome, 'running');
    if (outcome.outcome !== 'running') return;
    assert.equal(outcome.fingerprint, 'print-1');
    assert.ok(outcome.leaseLeftMs > 0 && outcome.leaseLeftMs <= bench.leaseMs / 2);
  });

  test('a repeated claim with the same token succeeds and renews the lease', async (bench) => {
    await bench.take('a');
    await bench.advance(bench.leaseMs * 0.75);
    const again = await bench.take('a', { operationId: 'another' });
    assert.equal(again.attempt, 1);
    assert.equal(again.operationId, 'operation-of-a');
    await bench.advance(bench.leaseMs * 0.75);
    await bench.assertState('running');
  });

  test('a repeated claim with the token of a lapsed record makes it running again', async (bench) => {
    await bench.lapse('a');
    assert.equal((await bench.take('a')).attempt, 1);
    await bench.assertState('running');
  });

  test('a completed record answers every claim with its result', async (bench) => {
    await bench.take('a');
    await bench.complete('a', 'done');
    for (const token of ['a', 'b']) {
      const outcome = await bench.claim(token, { fingerprint: 'print-2' });
      assert.equal(outcome.outcome, 'completed');
      if (outcome.outcome !== 'completed') return;
      assert.equal(outcome.fingerprint, 'print-1');
      assert.equal(outcome.operationId, 'operation-of-a');
      assert.equal(outcome.completedAtMs, (await bench.record()).changedAtMs);
    }
    await bench.assertResult('done');
  });

  test('no character of an id is special', async (bench) => {
    const ids = ["it's", '100%', 'under_score', 'a:b', 'a*', '{a}', '"q"', 'ключ', 'line\nbreak', 'A', 'a', ' a', '\\'];
    for (const id of ids) await bench.take(`token of ${id}`, { id });
    for (const id of ids) {
      const record = await bench.record(id);
      assert.deepEqual([record.id, record.token], [id, `token of ${id}`]);
    }
  });

  openTests(test);
}

function openTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('an open record without a step accepts any payload, and keeps attempt, operation id and policy', async (bench) => {
    await bench.take('a', { policy: 'rerun' });
    await bench.release('a');
    const claimed = await bench.take('b', { fingerprint: 'print-2' });
    assert.equal(claimed.attempt, 2);
    assert.equal(claimed.operationId, 'operation-of-a');
    assert.equal(claimed.policy, 'rerun');
    assert.equal(claimed.tookOver, false);
    const outcome = await bench.claim('c');
    assert.equal(outcome.outcome === 'running' && outcome.fingerprint, 'print-2');
  });

  test('an open record with a step accepts only its own payload', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'paid');
    await bench.release('a');
    const refused = await bench.claim('b', { fingerprint: 'print-2' });
    assert.deepEqual(refused, { outcome: 'open', fingerprint: 'print-1' });
    const claimed = await bench.take('c', { fingerprint: 'print-3', acceptable: ['print-3', 'print-1'] });
    assert.deepEqual(stepTexts(claimed.steps), [['charge', 'paid']]);
    assert.equal(claimed.attempt, 2);
  });

  test('an open record refuses the late claim of the token that was released', async (bench) => {
    await bench.take('a');
    await bench.release('a');
    assert.deepEqual(await bench.claim('a'), { outcome: 'superseded' });
    await bench.assertState('open');
    assert.equal((await bench.take('b')).attempt, 2);
  });

  test('an operation may be released and claimed any number of times', async (bench) => {
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      assert.equal((await bench.take(`token-${attempt}`, { maxAttempts: 2 })).attempt, attempt);
      await bench.release(`token-${attempt}`);
    }
  });
}
