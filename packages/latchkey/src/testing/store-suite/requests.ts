/**
 * Saved requests and their retention.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { type Bench, bytes, type Test, textOf } from './fixture.ts';

/** Longer than a result may be, since the two limits are independent. */
const longRequest = new Uint8Array(20_000).map((_, index) => index % 251);

/** Saved requests through every transition of a record. */
export function requestTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a record without a request has none', async (bench) => {
    await bench.take('a');
    assert.equal(Object.hasOwn(await bench.record(), 'request'), false);
  });

  test('a request is read unchanged, whether long or empty', async (bench) => {
    const given = { long: longRequest, empty: new Uint8Array() };
    for (const [id, request] of Object.entries(given)) {
      await bench.take('a', { id, request });
      assert.deepEqual(Buffer.from((await bench.record(id)).request ?? []), Buffer.from(request));
    }
  });

  test("a caller can't change the bytes of a stored request", async (bench) => {
    const request = bytes('asked');
    await bench.take('a', { request });
    request.fill(0);
    (await bench.record()).request?.fill(0);
    await assertRequest(bench, 'asked');
  });

  keptTests(test);
  replacedTests(test);
  removedTests(test);
}

async function assertRequest<Kind extends TransactionKind>(bench: Bench<Kind>, text?: string): Promise<void> {
  assert.equal(textOf((await bench.record()).request), text);
}

function keptTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a request is kept through renewals, steps, a release and the next claim of a record with steps', async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    assert.equal(await bench.renew('a'), true);
    await bench.saveStep('a', 'charge', 'paid');
    await bench.take('a', { request: bytes('asked again') });
    await assertRequest(bench, 'asked');
    await bench.release('a');
    await assertRequest(bench, 'asked');
    const claimed = await bench.take('b', { request: bytes('other') });
    assert.equal(textOf(claimed.steps.get('charge')), 'paid');
    await assertRequest(bench, 'asked');
  });

  test('a request is kept through a lapse and takeovers', async (bench) => {
    await bench.lapse('a', 'rerun', { request: bytes('asked') });
    await bench.assertState('lapsed');
    await assertRequest(bench, 'asked');
    assert.equal((await bench.claim('b')).outcome, 'lapsed');
    await bench.take('b', { takeover: 'rerun', request: bytes('other') });
    await assertRequest(bench, 'asked');
    await bench.abandon('b');
    await bench.take('c', { takeover: 'rerun' });
    await assertRequest(bench, 'asked');
  });

  test('a takeover of a record without a request saves none', async (bench) => {
    await bench.lapse('a', 'rerun');
    await bench.take('b', { takeover: 'rerun', request: bytes('asked') });
    await assertRequest(bench);
  });
}

function replacedTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('an open record without a step takes the request of its next claim', async (bench) => {
    await bench.take('a', { request: bytes('first') });
    await bench.release('a');
    await bench.take('b', { fingerprint: 'print-2', request: bytes('second') });
    await assertRequest(bench, 'second');
    await bench.release('b');
    await bench.take('c', { fingerprint: 'print-3' });
    await assertRequest(bench);
    await bench.release('c');
    await bench.take('d', { request: bytes('fourth') });
    await assertRequest(bench, 'fourth');
  });

  test('a claim of an expired record saves its own request', async (bench) => {
    await bench.take('a', { request: bytes('old') });
    await bench.release('a');
    await bench.advance(bench.retentionMs);
    await bench.take('b');
    await assertRequest(bench);
  });

  test('a claim that is refused changes no request', async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    await bench.claim('b', { request: bytes('other') });
    await bench.saveStep('a', 'charge', 'paid');
    await bench.release('a');
    await bench.claim('c', { fingerprint: 'print-2', request: bytes('other') });
    await assertRequest(bench, 'asked');
  });
}

function removedTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a completion removes the request', async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    await bench.saveStep('a', 'charge', 'paid');
    assert.equal(await bench.complete('a', 'done'), 'completed');
    await assertRequest(bench);
    assert.equal(textOf((await bench.record()).steps.get('charge')), 'paid');
    await bench.assertResult('done');
  });
}
