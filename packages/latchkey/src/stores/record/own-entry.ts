/**
 * The changes that the owner of a record, or an operator, makes to it. All expect a record that has not expired.
 *
 * @module
 */

import type {
  AbandonRequest,
  CompleteOutcome,
  CompleteRequest,
  Owner,
  ReleaseRequest,
  RenewRequest,
  ResolveRequest,
  SaveStepRequest,
  StoredResult,
} from '../../core/store.ts';
import { extendLease } from './claim-entry.ts';
import { type Entry, isLapsed, putRequest } from './entry.ts';

/** Replaces the worker's token, so that a late completion by the worker is not accepted as the operator's. */
export const resolvedToken = 'resolved';

/** Whether `owner` holds the record, even if its lease has ended. */
export function holds(entry: Entry, owner: Owner): boolean {
  return entry.phase === 'held' && entry.token === owner.token;
}

/** See `Store.renew`. An abandoned record stays abandoned. */
export function renewEntry(entry: Entry, request: RenewRequest, nowMs: number): boolean {
  if (!holds(entry, request) || entry.abandoned) return false;
  extendLease(entry, request, nowMs);
  return true;
}

/** See `Store.complete`; `fits` returns whether a result of that size in bytes is kept. */
export function completeEntry(
  entry: Entry,
  request: CompleteRequest,
  nowMs: number,
  fits: (bytes: number) => boolean,
): CompleteOutcome {
  if (entry.token !== request.token || entry.phase === 'open') return 'lost';
  if (entry.phase === 'held') {
    const { result, tombstone } = request;
    const kept: StoredResult = fits(result.bytes.byteLength) ? result : { kind: 'tombstone', bytes: tombstone };
    finish(entry, kept, request.retentionMs, nowMs);
  }
  return entry.result?.kind === 'tombstone' ? 'tombstoned' : 'completed';
}

/** See `Store.release`. */
export function releaseEntry(entry: Entry, request: ReleaseRequest, nowMs: number): boolean {
  if (entry.token !== request.token || entry.phase === 'completed') return false;
  if (entry.phase !== 'held') return true;
  if (request.unused) entry.attempt -= 1;
  open(entry, request.retentionMs, nowMs);
  return true;
}

/** See `Store.abandon`. */
export function abandonEntry(entry: Entry, request: AbandonRequest, nowMs: number): boolean {
  if (!holds(entry, request)) return false;
  if (entry.abandoned) return true;
  entry.abandoned = true;
  if (request.unused) entry.attempt -= 1;
  entry.leaseEndsAtMs = Math.min(entry.leaseEndsAtMs, nowMs);
  entry.expiresAtMs = entry.leaseEndsAtMs + request.unresolvedRetentionMs;
  entry.changedAtMs = nowMs;
  return true;
}

/** See `Store.saveStep`. */
export function saveStepInEntry(entry: Entry, request: SaveStepRequest): boolean {
  if (!holds(entry, request)) return false;
  entry.steps ??= new Map();
  if (!entry.steps.has(request.name)) entry.steps.set(request.name, request.value);
  return true;
}

/** See `Store.resolve`; `removed` tells the store to remove the record. */
export function resolveEntry(entry: Entry, request: ResolveRequest, nowMs: number): 'refused' | 'changed' | 'removed' {
  if (!isLapsed(entry, nowMs) || entry.token !== request.token) return 'refused';
  const { resolution } = request;
  if (resolution.decision === 'forget') return 'removed';
  if (resolution.decision === 'rerun') open(entry, resolution.retentionMs, nowMs);
  else {
    finish(entry, resolution.result, resolution.retentionMs, nowMs);
    entry.token = resolvedToken;
  }
  return 'changed';
}

function finish(entry: Entry, result: StoredResult, retentionMs: number, nowMs: number): void {
  entry.phase = 'completed';
  entry.result = result;
  putRequest(entry, undefined);
  settle(entry, retentionMs, nowMs);
}

function open(entry: Entry, retentionMs: number, nowMs: number): void {
  entry.phase = 'open';
  settle(entry, retentionMs, nowMs);
}

function settle(entry: Entry, retentionMs: number, nowMs: number): void {
  entry.abandoned = false;
  entry.tookOver = false;
  entry.changedAtMs = nowMs;
  entry.expiresAtMs = nowMs + retentionMs;
}
