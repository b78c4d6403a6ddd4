/**
 * Lists, decisions, erasure and sweeps.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { RecordState, Resolution, TransactionKind } from '../../core/store.ts';
import { type Bench, bytes, recordName, type Test, textOf } from './fixture.ts';

/** Listing, resolving, erasing and sweeping. */
export function operatorTests<Kind extends TransactionKind>(test: Test<Kind>): void {
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

  test('a full last page has no next', async (bench) => {
    for (const id of ['a', 'b', 'c', 'd']) await bench.take('token', { id });
    const first = await bench.operated.list({ state: 'running', limit: 2 });
    assert.equal(first.records.length, 2);
    assert.ok(first.next);
    const second = await bench.operated.list({ state: 'running', limit: 2, cursor: first.next });
    assert.equal(second.records.length, 2);
    assert.equal(second.next, undefined);
  });

  test('a list refuses an invalid limit or cursor', async (bench) => {
    for (const limit of [0, 1001, 1.5, Number.NaN])
      await assert.rejects(bench.operated.list({ state: 'open', limit }), { code: 'option-invalid' });
    await assert.rejects(bench.operated.list({ state: 'open', limit: 1, cursor: 'x' }), { code: 'option-invalid' });
  });

  test('erase removes all records of one principal, in any state', async (bench) => {
    const principal = "o'hara%";
    for (const id of ['running', 'open', 'completed']) await bench.take('a', { id, principal });
    await bench.release('a', 'open');
    await bench.complete('a', 'result', 'completed');
    await bench.take('a', { id: 'other' });
    assert.equal(await bench.operated.erase(principal), 3);
    assert.equal(await bench.operated.erase(principal), 0);
    for (const id of ['running', 'open', 'completed']) await bench.assertState('absent', id);
    await bench.assertState('running', 'other');
    assert.equal(await bench.renew('a', 'running'), false);
  });

  resolveTests(test);
  requestTests(test);
  sweepTests(test);
}

async function idsOf<Kind extends TransactionKind>(bench: Bench<Kind>, state: RecordState, limit: number) {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bench.operated.list({ state, limit, ...(cursor !== undefined && { cursor }) });
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
    bench.operated.resolve({ id: recordName, token, resolution });

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

  test('resolve only changes a lapsed record with the given token', async (bench) => {
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

  test('a worker of an earlier record with the same id is refused', async (bench) => {
    await bench.lapse('a');
    await bench.operated.resolve({ id: 'record-1', token: 'a', resolution: { decision: 'forget' } });
    await bench.take('b');
    assert.equal(await bench.complete('a', 'zombie'), 'lost');
    assert.equal(await bench.renew('a'), false);
  });
}

function requestTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a list contains no requests', async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    const { records } = await bench.operated.list({ state: 'running', limit: 10 });
    assert.deepEqual(
      records.map((record) => [record.id, record.request]),
      [[recordName, undefined]],
    );
  });

  test('a decision to rerun keeps the request', async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    await bench.saveStep('a', 'charge', 'paid');
    await bench.abandon('a');
    const resolution = { decision: 'rerun', retentionMs: bench.retentionMs } as const;
    assert.equal(await bench.operated.resolve({ id: recordName, token: 'a', resolution }), true);
    assert.equal(textOf((await bench.record()).request), 'asked');
  });

  test('a decision of an operator removes the request', async (bench) => {
    await bench.lapse('a', 'refuse', { request: bytes('asked') });
    const result = { kind: 'value', bytes: bytes('by hand') } as const;
    const resolution = { decision: 'respond', result, retentionMs: bench.retentionMs } as const;
    assert.equal(await bench.operated.resolve({ id: recordName, token: 'a', resolution }), true);
    assert.equal((await bench.record()).request, undefined);
    await bench.assertResult('by hand');
  });

  test("a new record under a removed record's id has no request", async (bench) => {
    await bench.take('a', { request: bytes('asked') });
    assert.equal(await bench.operated.erase('principal-1'), 1);
    await bench.take('b', { request: bytes('asked again') });
    await bench.abandon('b');
    await bench.operated.resolve({ id: recordName, token: 'b', resolution: { decision: 'forget' } });
    await bench.take('c');
    assert.equal((await bench.record()).request, undefined);
  });
}

/** Some expired records may already be removed, since a store may sweep by itself. */
async function sweepAll<Kind extends TransactionKind>(bench: Bench<Kind>, limit: number): Promise<void> {
  let swept = 0;
  do {
    swept = await bench.operated.sweep(limit);
    assert.ok(swept >= 0 && swept <= limit, 'a sweep keeps to its limit');
  } while (swept > 0);
}

function sweepTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a sweep removes only expired records, in steps', async (bench) => {
    for (let index = 0; index < 5; index += 1) {
      await bench.take('a', { id: `done-${index}` });
      await bench.complete('a', 'result', `done-${index}`);
    }
    await bench.take('a', { id: 'open' });
    await bench.release('a', 'open');
    await bench.take('a', { id: 'running', leaseMs: bench.retentionMs * 2 });
    await bench.advance(bench.retentionMs / 2);
    await bench.take('a', { id: 'live' });
    await bench.complete('a', 'result', 'live');
    await bench.advance(bench.retentionMs / 2);
    await sweepAll(bench, 4);
    await bench.assertState('completed', 'live');
    await bench.assertState('running', 'running');
    await bench.assertState('absent', 'open');
  });

  test('a sweep removes expired lapsed records', async (bench) => {
    await bench.lapse('a');
    await bench.advance(bench.unresolvedMs);
    await sweepAll(bench, 10);
    await bench.assertState('absent');
  });
}
