/**
 * The calls of a record's owner, which no other caller can make.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { bytes, maxResultBytes, stepTexts, type Test, textOf } from './fixture.ts';

/** Renewal, completion, release, abandonment and steps. */
export function ownerTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a wrong token can do nothing', async (bench) => {
    await bench.take('a');
    const before = await bench.record();
    assert.equal(await bench.renew('b'), false);
    assert.equal(await bench.complete('b'), 'lost');
    assert.equal(await bench.release('b'), false);
    assert.equal(await bench.abandon('b'), false);
    assert.equal(await bench.saveStep('b', 'step', 'x'), false);
    assert.deepEqual(await bench.record(), before);
  });

  test('no call changes an absent record', async (bench) => {
    assert.equal(await bench.renew('a'), false);
    assert.equal(await bench.complete('a'), 'lost');
    assert.equal(await bench.release('a'), false);
    assert.equal(await bench.abandon('a'), false);
    assert.equal(await bench.saveStep('a', 'step', 'x'), false);
    await bench.assertState('absent');
  });

  test('a renewal moves the end of the lease', async (bench) => {
    await bench.take('a');
    for (let beat = 0; beat < 3; beat += 1) {
      await bench.advance(bench.leaseMs * 0.75);
      assert.equal(await bench.renew('a'), true);
    }
    await bench.assertState('running');
    await bench.advance(bench.leaseMs);
    await bench.assertState('lapsed');
  });

  test('a saved step keeps its first value', async (bench) => {
    await bench.take('a');
    assert.equal(await bench.saveStep('a', 'charge', 'first'), true);
    assert.equal(await bench.saveStep('a', 'charge', 'second'), true);
    assert.equal(await bench.saveStep('a', 'mail', ''), true);
    assert.deepEqual(stepTexts((await bench.record()).steps), [
      ['charge', 'first'],
      ['mail', ''],
    ]);
  });

  test('no character of a step name or value is special', async (bench) => {
    await bench.take('a');
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    for (const name of ['__proto__', '', "it's", 'ключ'])
      await bench.store.saveStep({ id: 'record-1', token: 'a', name, value });
    const { steps } = await bench.record();
    assert.deepEqual([...steps.keys()], ['__proto__', '', "it's", 'ключ']);
    for (const saved of steps.values()) assert.deepEqual([...saved], [...value]);
  });

  releaseTests(test);
  abandonTests(test);
  completionTests(test);
}

function releaseTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a release makes the record open and may be repeated', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'paid');
    assert.equal(await bench.release('a'), true);
    assert.equal(await bench.release('a'), true);
    const record = await bench.record();
    assert.deepEqual([record.state, record.token, record.attempt, record.steps.size], ['open', 'a', 1, 1]);
  });

  test('a claim that is given back unused does not count as an attempt', async (bench) => {
    const giveBack = (token: string) => bench.release(token, undefined, true);
    await bench.take('a', { policy: 'rerun' });
    assert.equal(await giveBack('a'), true);
    assert.equal(await giveBack('a'), true);
    assert.equal((await bench.record()).attempt, 0);
    assert.equal((await bench.take('b')).attempt, 1);
    await bench.abandon('b');
    const terms = { takeover: 'rerun', maxAttempts: 2 } as const;
    for (const token of ['c', 'd', 'e']) {
      assert.equal((await bench.take(token, terms)).attempt, 2);
      assert.equal(await bench.abandon(token, undefined, true), true);
      assert.equal(await bench.abandon(token, undefined, true), true);
      await bench.assertState('lapsed');
    }
    assert.equal((await bench.record()).attempt, 1);
  });

  test('after a release the former owner can do nothing', async (bench) => {
    await bench.take('a');
    await bench.release('a');
    assert.equal(await bench.renew('a'), false);
    assert.equal(await bench.saveStep('a', 'late', 'x'), false);
    assert.equal(await bench.abandon('a'), false);
    assert.equal(await bench.complete('a'), 'lost');
    await bench.assertState('open');
  });
}

function abandonTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('an abandoned record is lapsed at once and may be abandoned again', async (bench) => {
    await bench.take('a', { policy: 'rerun' });
    assert.equal(await bench.abandon('a'), true);
    await bench.assertState('lapsed');
    assert.equal(await bench.abandon('a'), true);
    assert.equal((await bench.take('b', { takeover: 'rerun' })).tookOver, true);
  });

  test('an abandoned record is not renewed, nor claimed again by its token', async (bench) => {
    await bench.take('a');
    await bench.abandon('a');
    assert.equal(await bench.renew('a'), false);
    assert.deepEqual(await bench.claim('a'), { outcome: 'superseded' });
    await bench.assertState('lapsed');
  });

  test('an abandoned record can be completed with its token', async (bench) => {
    await bench.take('a');
    await bench.abandon('a');
    assert.equal(await bench.complete('a', 'late'), 'completed');
    await bench.assertResult('late');
  });
}

function completionTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a repeated completion changes nothing and returns the same answer', async (bench) => {
    await bench.take('a');
    assert.equal(await bench.complete('a', 'first'), 'completed');
    const before = await bench.record();
    await bench.advance(1);
    assert.equal(await bench.complete('a', 'second'), 'completed');
    assert.deepEqual(await bench.record(), before);
  });

  test("a completed record can't be changed", async (bench) => {
    await bench.take('a');
    await bench.complete('a', 'done');
    const before = await bench.record();
    for (const token of ['a', 'b']) {
      assert.equal(await bench.renew(token), false);
      assert.equal(await bench.release(token), false);
      assert.equal(await bench.abandon(token), false);
      assert.equal(await bench.saveStep(token, 'late', 'x'), false);
    }
    assert.equal(await bench.complete('b', 'other'), 'lost');
    assert.deepEqual(await bench.record(), before);
  });

  test('results are bytes, and may be empty', async (bench) => {
    const value = Uint8Array.from({ length: 256 }, (_, index) => index);
    for (const [id, result] of Object.entries({ binary: value, empty: new Uint8Array() })) {
      await bench.take('a', { id });
      const request = { id, token: 'a', tombstone: bytes('gone'), retentionMs: bench.retentionMs };
      await bench.store.complete({ ...request, result: { kind: 'value', bytes: result } });
      assert.deepEqual([...((await bench.record(id)).result?.bytes ?? [1])], [...result]);
    }
  });

  test("a caller can't change the bytes of a stored result", async (bench) => {
    const [before, behind] = [bytes('xx'), bytes('yy')];
    const buffer = new Uint8Array([...before, ...bytes('result'), ...behind]);
    const result = { kind: 'value', bytes: buffer.subarray(2, 8) } as const;
    await bench.take('a');
    await bench.store.complete({
      id: 'record-1',
      token: 'a',
      result,
      tombstone: bytes('gone'),
      retentionMs: bench.retentionMs,
    });
    buffer.fill(0);
    const outcome = await bench.claim('b');
    if (outcome.outcome === 'completed') outcome.result.bytes.fill(0);
    await bench.assertResult('result');
  });

  test('a result over the limit leaves a tombstone', async (bench) => {
    await bench.take('a');
    assert.equal(await bench.complete('a', 'x'.repeat(maxResultBytes + 1)), 'tombstoned');
    assert.equal(await bench.complete('a', 'short'), 'tombstoned');
    await bench.assertResult('tombstone', 'tombstone');
    await bench.take('b', { id: 'at-the-limit' });
    assert.equal(await bench.complete('b', 'x'.repeat(maxResultBytes), 'at-the-limit'), 'completed');
    assert.equal(textOf((await bench.record('at-the-limit')).result?.bytes)?.length, maxResultBytes);
  });
}
