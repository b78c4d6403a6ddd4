/**
 * Reading without changes, health and shutdown.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import { recordName, stepTexts, type Test } from './fixture.ts';

/** Reading, ping and close. */
export function readingTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('reading a record does not change it', async (bench) => {
    await bench.take('a', { policy: 'rerun' });
    await bench.saveStep('a', 'charge', 'paid');
    const record = await bench.record();
    assert.deepEqual(await bench.record(), record);
    assert.deepEqual(
      [record.id, record.principal, record.operation, record.operationId, record.fingerprint, record.policy],
      [recordName, 'principal-1', 'POST /charges', 'operation-of-a', 'print-1', 'rerun'],
    );
    assert.deepEqual([record.state, record.token, record.attempt], ['running', 'a', 1]);
    assert.deepEqual(stepTexts(record.steps), [['charge', 'paid']]);
    assert.equal(record.leaseEndsAtMs, record.createdAtMs + bench.leaseMs);
    assert.equal(record.expiresAtMs, record.createdAtMs + bench.leaseMs + bench.unresolvedMs);
    assert.equal(record.result, undefined);
  });

  test('ping resolves', async (bench) => {
    await bench.store.ping();
  });

  test('after close every call rejects as store-unavailable, and close may be repeated', async (bench) => {
    await bench.store.close();
    await bench.store.close();
    const unavailable = { code: 'store-unavailable' };
    await assert.rejects(bench.claim('a'), unavailable);
    await assert.rejects(bench.complete('a'), unavailable);
    await assert.rejects(bench.store.read(recordName), unavailable);
    await assert.rejects(bench.store.ping(), unavailable);
  });
}
