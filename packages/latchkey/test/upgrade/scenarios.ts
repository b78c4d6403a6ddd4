import { expect } from 'vitest';
import type { StoredRecord } from '../../src/core/store.ts';
import { callTransaction } from '../../src/testing/store-suite/transactions.ts';
import { patience } from '../servers/patience.ts';
import { bytesOf, claimOf, completionOf } from '../stores/requests.ts';
import type { AnyStore } from './places.ts';
import type { Ability } from './releases.ts';

/** Two stores on the same records: one release writes, and the other goes on with what that wrote. */
export interface Pair {
  readonly writer: AnyStore;
  readonly reader: AnyStore;
}

const patient = { timeout: patience(30_000), interval: 5 };
const lease = { leaseMs: 30_000, unresolvedRetentionMs: 60_000 };
const rerun = { policy: 'rerun', takeover: 'rerun' } as const;

/** A record as something that can be compared. */
function plain(record: StoredRecord | undefined): unknown {
  if (record === undefined) return undefined;
  const steps = [...record.steps].map(([name, value]) => [name, Buffer.from(value).toString()]);
  const { request, result } = record;
  return {
    ...record,
    steps,
    request: request && Buffer.from(request).toString(),
    result: result && [result.kind, Buffer.from(result.bytes).toString()],
  };
}

async function expectSameRecord({ writer, reader }: Pair, id: string): Promise<void> {
  const record = plain(await writer.read(id));
  expect(record).toBeDefined();
  expect(plain(await reader.read(id))).toEqual(record);
}

/** An operator's decisions; the code of the former releases calls them verdicts. */
const runAgain = { decision: 'rerun', verdict: 'rerun', retentionMs: 60_000 } as const;
const forget = { decision: 'forget', verdict: 'forget' } as const;

/** The answer that a retry gets, or the outcome of its claim. */
export async function answerOf(store: AnyStore, id: string): Promise<string> {
  const outcome = await store.claim(claimOf(id, 'onlooker'));
  return outcome.outcome === 'completed' ? Buffer.from(outcome.result.bytes).toString() : outcome.outcome;
}

function step(store: AnyStore, id: string, token: string, name: string): Promise<boolean> {
  return store.saveStep({ id, token, name, value: bytesOf(`value of ${name}`) });
}

async function lapse({ writer, reader }: Pair, id: string): Promise<void> {
  expect((await writer.claim(claimOf(id, 'a', { ...rerun, leaseMs: 1 }))).outcome).toBe('claimed');
  await expect.poll(async () => (await reader.read(id))?.state, patient).toBe('lapsed');
}

type Scenario = (pair: Pair, id: string) => Promise<void>;

/** What one release does with records that the other wrote. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'reads them in every state': async (pair, id) => {
    await pair.writer.claim(claimOf(id, 'a', rerun));
    await step(pair.writer, id, 'a', 'one');
    await expectSameRecord(pair, id);
    await pair.writer.release({ id, token: 'a', retentionMs: 60_000 });
    await expectSameRecord(pair, id);
    await pair.writer.claim(claimOf(id, 'b', rerun));
    await pair.writer.complete(completionOf(id, 'b', 'done'));
    await expectSameRecord(pair, id);
  },
  'leaves a running one alone, and replays its answer': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a'));
    expect((await reader.claim(claimOf(id, 'b', { takeover: 'any' }))).outcome).toBe('running');
    await writer.complete(completionOf(id, 'a', 'done'));
    for (const store of [reader, writer]) expect(await answerOf(store, id)).toBe('done');
  },
  'goes on after the steps of one that was released': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a', rerun));
    await step(writer, id, 'a', 'one');
    await writer.release({ id, token: 'a', retentionMs: 60_000 });
    expect((await reader.claim(claimOf(id, 'b', { fingerprint: 'other', acceptable: ['other'] }))).outcome).toBe(
      'open',
    );
    const claimed = await reader.claim(claimOf(id, 'b', rerun));
    expect(claimed).toMatchObject({ outcome: 'claimed', attempt: 2, operationId: 'operation-of-a' });
    await step(reader, id, 'b', 'two');
    expect([...((await writer.read(id))?.steps.keys() ?? [])]).toEqual(['one', 'two']);
    expect(await reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
    expect(await answerOf(writer, id)).toBe('done');
  },
  'takes a lapsed one over, and fences its worker': async (pair, id) => {
    await lapse(pair, id);
    expect(await pair.reader.claim(claimOf(id, 'b', rerun))).toMatchObject({ outcome: 'claimed', tookOver: true });
    expect(await pair.writer.complete(completionOf(id, 'a', 'late'))).toBe('lost');
    expect(await step(pair.writer, id, 'a', 'late')).toBe(false);
    expect(await pair.reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
    expect(await answerOf(pair.writer, id)).toBe('done');
  },
  'finishes for its worker, by its token': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a'));
    expect(await reader.renew({ id, token: 'a', ...lease })).toBe(true);
    expect(await step(reader, id, 'a', 'one')).toBe(true);
    expect(await reader.complete(completionOf(id, 'a', 'done'))).toBe('completed');
    expect(await writer.complete(completionOf(id, 'a', 'other'))).toBe('completed');
    expect(await answerOf(writer, id)).toBe('done');
  },
  'resolves an abandoned one by hand': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a', rerun));
    await writer.abandon({ id, token: 'a', unresolvedRetentionMs: 60_000 });
    expect(await reader.resolve({ id, token: 'a', resolution: runAgain })).toBe(true);
    await reader.claim(claimOf(id, 'b', rerun));
    await reader.abandon({ id, token: 'b', unresolvedRetentionMs: 60_000 });
    expect(await writer.resolve({ id, token: 'b', resolution: forget })).toBe(true);
    expect((await reader.claim(claimOf(id, 'c'))).outcome).toBe('claimed');
  },
  'commits a transaction for its worker': async ({ writer, reader }, id) => {
    if (reader.transaction === undefined) return;
    await writer.claim(claimOf(id, 'a', rerun));
    const write = { kind: 'step', name: 'charge', value: bytesOf('paid') } as const;
    const committed = callTransaction(reader, { id, token: 'a', ...lease }, () => ({ value: '', write }));
    expect((await committed).outcome).toBe('committed');
    expect([...((await writer.read(id))?.steps.keys() ?? [])]).toEqual(['charge']);
  },
  'lists and erases them': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a', { principal: `principal of ${id}` }));
    const { records } = await reader.list({ state: 'running', limit: 1_000 });
    expect(records.map((record) => record.id)).toContain(id);
    expect(await reader.erase(`principal of ${id}`)).toBe(1);
    expect(await writer.read(id)).toBeUndefined();
  },
  'finishes what was saved with its request': async (pair, id) => {
    const { writer, reader } = pair;
    await writer.claim(claimOf(id, 'a', { ...rerun, request: bytesOf('asked') }));
    await step(reader, id, 'a', 'one');
    await expectSameRecord(pair, id);
    await writer.abandon({ id, token: 'a', unresolvedRetentionMs: 60_000 });
    expect(Buffer.from((await reader.read(id))?.request ?? []).toString()).toBe('asked');
    expect(await reader.claim(claimOf(id, 'b', rerun))).toMatchObject({ outcome: 'claimed', tookOver: true });
    expect(await reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
    await expectSameRecord(pair, id);
    expect(await answerOf(writer, id)).toBe('done');
  },
  'saves a request with one that was released': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a'));
    await writer.release({ id, token: 'a', retentionMs: 60_000 });
    await reader.claim(claimOf(id, 'b', { request: bytesOf('asked') }));
    expect(Buffer.from((await reader.read(id))?.request ?? []).toString()).toBe('asked');
    await reader.complete(completionOf(id, 'b', 'done'));
    expect(await answerOf(writer, id)).toBe('done');
  },
  'delivers a message that was committed with its step': async ({ writer, reader }, id) => {
    const { outbox } = writer;
    if (outbox === undefined) return;
    await writer.claim(claimOf(id, 'a', rerun));
    const write = { kind: 'step', name: 'charge', value: bytesOf('paid') } as const;
    const message = { operationId: `operation of ${id}`, operation: 'POST /charges', name: 'receipt' };
    const done = { value: '', write };
    await callTransaction(writer, { id, token: 'a', ...lease }, (handle) => {
      const added = outbox.enqueue(handle, { ...message, payload: bytesOf('to: ada') });
      return added instanceof Promise ? added.then(() => done) : done;
    });
    const all = await reader.outbox?.take({ limit: 1_000, leaseMs: 30_000, maxAttempts: 10 });
    const taken = all?.messages.find(({ operationId }) => operationId === message.operationId);
    expect(taken).toMatchObject({ ...message, attempts: 1 });
    expect(Buffer.from(taken?.payload ?? []).toString()).toBe('to: ada');
    expect(await outbox.delivered(taken?.id ?? '', taken?.token ?? '')).toBe(true);
  },
};

/** What the releases must be able to do; without an entry, every release can. */
export const needs: Readonly<Record<string, { readonly writer?: Ability; readonly reader?: Ability }>> = {
  'reads them in every state': { reader: 'first leases on Redis' },
  'takes a lapsed one over, and fences its worker': { reader: 'first leases on Redis' },
  'finishes what was saved with its request': { writer: 'saved requests', reader: 'saved requests' },
  'delivers a message that was committed with its step': { writer: 'outbox', reader: 'outbox' },
  'saves a request with one that was released': { reader: 'saved requests' },
};

/** A reader that doesn't know when the first lease ends takes the attempt as running; so nothing runs twice. */
export async function takesForRunning({ writer, reader }: Pair, id: string): Promise<void> {
  await lapse({ writer, reader: writer }, id);
  const claim = claimOf(id, 'b', { ...rerun, takeover: 'any' });
  expect((await reader.claim(claim)).outcome).toBe('running');
  expect(await reader.read(id)).toMatchObject({ state: 'running', token: 'a', attempt: 1, policy: 'rerun' });
  expect(await writer.claim(claim)).toMatchObject({ outcome: 'claimed', tookOver: true });
  await expectSameRecord({ writer, reader }, id);
  expect(await reader.complete(completionOf(id, 'a', 'late'))).toBe('lost');
  expect(await reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
  expect(await answerOf(writer, id)).toBe('done');
}

/** A reader that can't read a saved request refuses the record and does not change it, and replays its answer. */
export async function refusesRequest({ writer, reader }: Pair, id: string): Promise<void> {
  await writer.claim(claimOf(id, 'a', { policy: 'rerun', request: bytesOf('asked') }));
  await step(writer, id, 'a', 'one');
  const before = await writer.read(id);
  const owner = { id, token: 'a', leaseMs: 1, unresolvedRetentionMs: 1, retentionMs: 1 };
  for (const call of [
    () => reader.claim(claimOf(id, 'b', { takeover: 'any' })),
    () => reader.renew(owner),
    () => reader.release(owner),
    () => reader.saveStep({ ...owner, name: 'two', value: bytesOf('2') }),
    () => reader.read(id),
    () => reader.complete(completionOf(id, 'a', 'by the reader')),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'record-unreadable' });
  expect(await writer.read(id)).toEqual(before);
  expect(await writer.complete(completionOf(id, 'a', 'done'))).toBe('completed');
  expect(await answerOf(reader, id)).toBe('done');
}
