import { expect } from 'vitest';
import type { StoredRecord } from '../../src/core/store.ts';
import { callTransaction } from '../../src/testing/store-suite/transactions.ts';
import { patience } from '../servers/patience.ts';
import { bytesOf, claimOf, completionOf } from '../stores/requests.ts';
import type { AnyStore } from './places.ts';

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
  const { result } = record;
  return { ...record, steps, result: result && [result.kind, Buffer.from(result.bytes).toString()] };
}

async function expectSameRecord({ writer, reader }: Pair, id: string): Promise<void> {
  const record = plain(await writer.read(id));
  expect(record).toBeDefined();
  expect(plain(await reader.read(id))).toEqual(record);
}

/** An operator's decisions; the code of the former release calls them verdicts. */
const runAgain = { decision: 'rerun', verdict: 'rerun', retentionMs: 60_000 } as const;
const forget = { decision: 'forget', verdict: 'forget' } as const;

async function replay(store: AnyStore, id: string): Promise<string> {
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

/** Those for which a reader must know when the writer's first lease ends. */
export const needLeases: ReadonlySet<string> = new Set([
  'reads them in every state',
  'takes a lapsed one over, and fences its worker',
]);

/** A writer may keep the times of a first attempt in a way that the reader does not know: then nothing runs twice. */
export async function takesForRunning({ writer, reader }: Pair, id: string): Promise<void> {
  await lapse({ writer, reader: writer }, id);
  const claim = claimOf(id, 'b', { ...rerun, takeover: 'any' });
  expect((await reader.claim(claim)).outcome).toBe('running');
  expect(await reader.read(id)).toMatchObject({ state: 'running', token: 'a', attempt: 1, policy: 'rerun' });
  expect(await writer.claim(claim)).toMatchObject({ outcome: 'claimed', tookOver: true });
  await expectSameRecord({ writer, reader }, id);
  expect(await reader.complete(completionOf(id, 'a', 'late'))).toBe('lost');
  expect(await reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
  expect(await replay(writer, id)).toBe('done');
}

/** What one release does with records that the other wrote. */
export const scenarios: Readonly<Record<string, (pair: Pair, id: string) => Promise<void>>> = {
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
    for (const store of [reader, writer]) expect(await replay(store, id)).toBe('done');
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
    expect(await replay(writer, id)).toBe('done');
  },
  'takes a lapsed one over, and fences its worker': async (pair, id) => {
    await lapse(pair, id);
    expect(await pair.reader.claim(claimOf(id, 'b', rerun))).toMatchObject({ outcome: 'claimed', tookOver: true });
    expect(await pair.writer.complete(completionOf(id, 'a', 'late'))).toBe('lost');
    expect(await step(pair.writer, id, 'a', 'late')).toBe(false);
    expect(await pair.reader.complete(completionOf(id, 'b', 'done'))).toBe('completed');
    expect(await replay(pair.writer, id)).toBe('done');
  },
  'finishes for its worker, by its token': async ({ writer, reader }, id) => {
    await writer.claim(claimOf(id, 'a'));
    expect(await reader.renew({ id, token: 'a', ...lease })).toBe(true);
    expect(await step(reader, id, 'a', 'one')).toBe(true);
    expect(await reader.complete(completionOf(id, 'a', 'done'))).toBe('completed');
    expect(await writer.complete(completionOf(id, 'a', 'other'))).toBe('completed');
    expect(await replay(writer, id)).toBe('done');
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
};
