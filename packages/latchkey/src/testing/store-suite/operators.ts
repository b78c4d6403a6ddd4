/**
 * What operators see and decide; health and shutdown.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { RecordState, Resolution, TransactionKind } from '../../core/store.ts';
import { type Bench, bytes, recordName, stepTexts, type Test } from './fixture.ts';

/** Reading, listing, resolving, erasing, ping and close. */
export function operatorTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a record is read as it is, without being touched', async (bench) => {
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

  test('a list pages through the records of one state', async (bench) => {
    for (let index = 0; index < 7; index += 1) await bench.take('a', { id: `lapsed-${index}` });
    await bench.abandon('a', 'lapsed-0');
    await bench.take('a', { id: 'open' });
    await bench.release('a', 'open');
    await bench.take('a', { id: 'completed' });
    await bench.complete('a', 'result', 'completed');
    await bench.advance(bench.leaseMs);
    await bench.take('a', { id: 'running' });
    assert.deepEqual(
      (await idsOf(bench, 'lapsed', 3)).sort(),
      Array.from({ length: 7 }, (_, i) => `lapsed-${i}`),
    );
    for (const state of ['open', 'completed', 'running'] as const)
      assert.deepEqual(await idsOf(bench, state, 1), [state]);
  });

  test('a full last page says that there is no more', async (bench) => {
    for (const id of ['a', 'b', 'c', 'd']) await bench.take('token', { id });
    const first = await bench.store.list({ state: 'running', limit: 2 });
    assert.equal(first.records.length, 2);
    assert.ok(first.next);
    const second = await bench.store.list({ state: 'running', limit: 2, cursor: first.next });
    assert.equal(second.records.length, 2);
    assert.equal(second.next, undefined);
  });

  test('a list refuses a limit or cursor that makes no sense', async (bench) => {
    for (const limit of [0, 1001, 1.5, Number.NaN])
      await assert.rejects(bench.store.list({ state: 'open', limit }), { code: 'option-invalid' });
    await assert.rejects(bench.store.list({ state: 'open', limit: 1, cursor: 'x' }), { code: 'option-invalid' });
  });

  test('erase removes every record of a principal, in any state, and nobody else’s', async (bench) => {
    const principal = "o'hara%";
    for (const id of ['running', 'open', 'completed']) await bench.take('a', { id, principal });
    await bench.release('a', 'open');
    await bench.complete('a', 'result', 'completed');
    await bench.take('a', { id: 'other' });
    assert.equal(await bench.store.erase(principal), 3);
    assert.equal(await bench.store.erase(principal), 0);
    for (const id of ['running', 'open', 'completed']) await bench.assertState('absent', id);
    await bench.assertState('running', 'other');
    assert.equal(await bench.renew('a', 'running'), false);
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

  resolveTests(test);
}

async function idsOf<Kind extends TransactionKind>(bench: Bench<Kind>, state: RecordState, limit: number) {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bench.store.list({ state, limit, ...(cursor !== undefined && { cursor }) });
    assert.ok(page.records.length <= limit);
    ids.push(...page.records.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

function resolveTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  const respond = (bench: Bench<Kind>): Resolution => ({
    decision: 'respond',
    result: { kind: 'value', bytes: bytes('by hand') },
    retentionMs: bench.retentionMs,
  });
  const resolve = (bench: Bench<Kind>, token: string, resolution: Resolution) =>
    bench.store.resolve({ id: recordName, token, resolution });

  test('resolve respond completes a lapsed record for good', async (bench) => {
    await bench.lapse('a');
    assert.equal(await resolve(bench, 'a', respond(bench)), true);
    await bench.assertResult('by hand');
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    assert.equal(await bench.renew('a'), false);
    await bench.assertResult('by hand');
    await bench.advance(bench.retentionMs);
    await bench.assertState('absent');
  });

  test('resolve rerun opens a lapsed record, steps kept', async (bench) => {
    await bench.take('a');
    await bench.saveStep('a', 'charge', 'paid');
    await bench.abandon('a');
    assert.equal(await resolve(bench, 'a', { decision: 'rerun', retentionMs: bench.retentionMs }), true);
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    assert.deepEqual(await bench.claim('a'), { outcome: 'superseded' });
    const claimed = await bench.take('b');
    assert.deepEqual([claimed.attempt, claimed.steps.size, claimed.tookOver], [2, 1, false]);
  });

  test('resolve forget removes a lapsed record', async (bench) => {
    await bench.lapse('a');
    assert.equal(await resolve(bench, 'a', { decision: 'forget' }), true);
    await bench.assertState('absent');
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    assert.equal((await bench.take('b', { fingerprint: 'print-2' })).attempt, 1);
  });

  test('resolve changes only a lapsed record that has the token which the operator saw', async (bench) => {
    const decisions: Resolution[] = [respond(bench), { decision: 'rerun', retentionMs: 1 }, { decision: 'forget' }];
    const assertRefused = async (token: string) => {
      const before = await bench.store.read(recordName);
      for (const decision of decisions) assert.equal(await resolve(bench, token, decision), false);
      assert.deepEqual(await bench.store.read(recordName), before);
    };
    await assertRefused('a');
    await bench.take('a', { policy: 'rerun' });
    await assertRefused('a');
    await bench.advance(bench.leaseMs);
    await assertRefused('b');
    await bench.take('b', { takeover: 'rerun' });
    await bench.advance(bench.leaseMs);
    await assertRefused('a');
    await bench.release('b');
    await assertRefused('b');
    await bench.take('c');
    await bench.complete('c');
    await assertRefused('c');
  });
}
