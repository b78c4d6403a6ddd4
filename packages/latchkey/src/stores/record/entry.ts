/**
 * A record as a store holds it. Its state is computed from the time, so the end of a lease and expiry need no write.
 *
 * @module
 */

import type { AfterFailure, RecordState, SavedSteps, StoredRecord, StoredResult } from '../../core/store.ts';

/** `held` is running or lapsed, depending on the time. */
export type Phase = 'held' | 'open' | 'completed';

/**
 * The saved request of a record: its bytes; `unread` if the store has it but did not read it; `dropped` if the next
 * write removes it; `none` if no request was saved.
 */
export type EntryRequest = Uint8Array | 'unread' | 'dropped' | 'none';

/** A stored record; transitions change it in place. */
export interface Entry {
  readonly id: string;
  readonly principal: string;
  readonly operation: string;
  readonly operationId: string;
  readonly policy: AfterFailure;
  readonly createdAtMs: number;
  fingerprint: string;
  token: string;
  attempt: number;
  phase: Phase;
  /** True if its owner abandoned it: it lapsed then, regardless of its lease. */
  abandoned: boolean;
  /** Whether its owner took it over from a worker that may still be running. */
  tookOver: boolean;
  leaseEndsAtMs: number;
  expiresAtMs: number;
  changedAtMs: number;
  steps: Map<string, Uint8Array> | undefined;
  result: StoredResult | undefined;
  request: EntryRequest;
}

const noSteps: SavedSteps = new Map();

/** A copy of the saved steps, unaffected by later changes of the entry. */
export function stepsOf(entry: Entry): SavedSteps {
  return entry.steps === undefined ? noSteps : new Map(entry.steps);
}

/** Whether the record counts as absent, even if it was not swept yet. */
export function isExpired(entry: Entry, nowMs: number): boolean {
  return entry.expiresAtMs <= nowMs;
}

/** Whether the record is unfinished and no lease on it is valid. */
export function isLapsed(entry: Entry, nowMs: number): boolean {
  return entry.phase === 'held' && (entry.abandoned || entry.leaseEndsAtMs <= nowMs);
}

/** The state at `nowMs`. */
export function stateOf(entry: Entry, nowMs: number): RecordState {
  if (entry.phase !== 'held') return entry.phase;
  return isLapsed(entry, nowMs) ? 'lapsed' : 'running';
}

/** Whether a request is saved with the record. */
export function holdsRequest({ request }: Entry): boolean {
  return request !== 'none' && request !== 'dropped';
}

/** Whether a claim would put its own fingerprint and request into the record. */
export function takesPayload(entry: Entry, { token }: { readonly token: string }): boolean {
  return entry.phase === 'open' && entry.steps === undefined && entry.token !== token;
}

/** Replaces the saved request, if any. */
export function putRequest(entry: Entry, request: Uint8Array | undefined): void {
  entry.request = request ?? (entry.request === 'none' ? 'none' : 'dropped');
}

/** The record as `read` returns it: with its request. */
export function toReadRecord(entry: Entry, nowMs: number): StoredRecord {
  const record = toStoredRecord(entry, nowMs);
  return entry.request instanceof Uint8Array ? { ...record, request: entry.request } : record;
}

/** The record as an operator sees it in a list. */
export function toStoredRecord(entry: Entry, nowMs: number): StoredRecord {
  return {
    id: entry.id,
    principal: entry.principal,
    operation: entry.operation,
    state: stateOf(entry, nowMs),
    fingerprint: entry.fingerprint,
    policy: entry.policy,
    token: entry.token,
    attempt: entry.attempt,
    operationId: entry.operationId,
    steps: stepsOf(entry),
    createdAtMs: entry.createdAtMs,
    changedAtMs: entry.changedAtMs,
    expiresAtMs: entry.expiresAtMs,
    ...(entry.phase === 'held' && { leaseEndsAtMs: entry.leaseEndsAtMs }),
    ...(entry.result !== undefined && { result: entry.result }),
  };
}
