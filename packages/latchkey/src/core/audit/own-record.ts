/**
 * Internal records in the same store: written once and kept for a given time.
 *
 * @module
 */

import { StoreUnavailableError } from '../errors.ts';
import { sleep } from '../runtime.ts';
import type { AnyStore, ClaimOutcome, ClaimRequest } from '../store.ts';
import { digestParts } from '../support/digest.ts';
import { type CallTools, callUntil } from '../support/store-call.ts';

/** The store, the runtime and the observer. */
export interface AuditTools extends CallTools {
  readonly store: Pick<AnyStore, 'claim' | 'complete' | 'read'>;
}

/** Time limit for the store's answer, since a person or a request waits. */
const answerWithinMs = 10_000;

/**
 * Retries a call of the store until it answers.
 *
 * @throws StoreUnavailableError if it doesn't answer within ten seconds.
 */
export function ask<T>(tools: CallTools, during: string, call: () => Promise<T>): Promise<T> {
  const giveUpAt = tools.runtime.clock.monotonic() + answerWithinMs;
  return callUntil(tools, giveUpAt, 'operator', during, call);
}

/** Distinguishes these records from an application's operations: no layer makes such a fingerprint. */
export const ownFingerprint = 'latchkey:operator';

/** An internal record. */
export interface OwnRecord {
  readonly id: string;
  /** A digest; `erase` of it removes the record. */
  readonly principal: string;
  readonly operation: string;
  readonly retentionMs: number;
}

/** The token for writing the record, or its existing content. */
type Taken = { readonly token: string } | { readonly written: Uint8Array };

/** Long enough for the one write that follows; a writer that dies before it delays others only for this time. */
const leaseMs = 5_000;
const patienceMs = 30_000;
const lookAgainMs = 20;

const noBytes = new Uint8Array();

/** No principal of an application has this digest, so `erase` keeps these records. */
export const operatorPrincipal = digestParts('operator');

function claimOf(record: OwnRecord, token: string): ClaimRequest {
  return {
    id: record.id,
    token,
    principal: record.principal,
    operation: record.operation,
    operationId: token,
    fingerprint: ownFingerprint,
    acceptable: [ownFingerprint],
    policy: 'rerun',
    leaseMs,
    unresolvedRetentionMs: record.retentionMs,
    takeover: 'any',
    maxAttempts: Number.MAX_SAFE_INTEGER,
  };
}

/** The record's content; undefined if it does not exist or is not written yet. */
export async function readOwn(tools: AuditTools, id: string): Promise<Uint8Array | undefined> {
  const record = await ask(tools, 'read', () => tools.store.read(id));
  return record?.result?.bytes;
}

/**
 * Claims the record for writing, or returns its content. Waits for another writer, and takes over from one that died.
 *
 * @throws StoreUnavailableError if the store gives no answer, or if another writer does not finish.
 */
async function take(tools: AuditTools, record: OwnRecord): Promise<Taken> {
  const { clock, timers, random } = tools.runtime;
  const giveUpAt = clock.monotonic() + patienceMs;
  while (clock.monotonic() < giveUpAt) {
    const token = random.uuid();
    const outcome: ClaimOutcome = await ask(tools, 'claim', () => tools.store.claim(claimOf(record, token)));
    if (outcome.outcome === 'claimed') return { token };
    if (outcome.outcome === 'completed') return { written: outcome.result.bytes };
    await sleep(timers, lookAgainMs * (1 + random.fraction()));
  }
  throw new StoreUnavailableError('Another process is still writing an audit entry or a proposed answer. Try again.');
}

/**
 * Writes the record unless it is already written. The bytes are requested when no other writer can write.
 *
 * @returns the content written by another writer; undefined if these bytes were written.
 */
export async function writeOnce(
  tools: AuditTools,
  record: OwnRecord,
  make: () => Uint8Array,
): Promise<Uint8Array | undefined> {
  for (;;) {
    const taken = await take(tools, record);
    if ('written' in taken) return taken.written;
    const { id, retentionMs } = record;
    const write = { id, token: taken.token, retentionMs, tombstone: noBytes };
    const result = { kind: 'value', bytes: make() } as const;
    const outcome = await ask(tools, 'complete', () => tools.store.complete({ ...write, result }));
    if (outcome === 'completed') return undefined;
    if (outcome === 'tombstoned')
      throw new StoreUnavailableError('The audit entry or the proposed answer is too large for the store.');
  }
}
