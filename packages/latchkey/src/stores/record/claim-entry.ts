/**
 * Applies a claim to a record in any state.
 *
 * @module
 */

import type { Claimed, ClaimOutcome, ClaimRequest } from '../../core/store.ts';
import { type Entry, isLapsed, putRequest, stepsOf } from './entry.ts';

/** Returns the record that a claim creates if it finds no record. */
export function newEntry(request: ClaimRequest, nowMs: number): Entry {
  const leaseEndsAtMs = nowMs + request.leaseMs;
  return {
    id: request.id,
    principal: request.principal,
    operation: request.operation,
    operationId: request.operationId,
    policy: request.policy,
    createdAtMs: nowMs,
    fingerprint: request.fingerprint,
    token: request.token,
    attempt: 1,
    phase: 'held',
    abandoned: false,
    tookOver: false,
    leaseEndsAtMs,
    expiresAtMs: leaseEndsAtMs + request.unresolvedRetentionMs,
    changedAtMs: nowMs,
    steps: undefined,
    result: undefined,
    request: request.request ?? 'none',
  };
}

/** Returns the outcome of a claim for the owner of `entry`. */
export function claimed(entry: Entry): Claimed {
  return {
    outcome: 'claimed',
    attempt: entry.attempt,
    operationId: entry.operationId,
    steps: stepsOf(entry),
    policy: entry.policy,
    tookOver: entry.tookOver,
  };
}

/** Claims a record that exists and has not expired. The entry is changed only if the outcome is `claimed`. */
export function claimEntry(entry: Entry, request: ClaimRequest, nowMs: number): ClaimOutcome {
  if (entry.phase === 'completed') return completed(entry);
  if (entry.phase === 'open') return claimOpen(entry, request, nowMs);
  if (entry.token === request.token) return claimAgain(entry, request, nowMs);
  if (isLapsed(entry, nowMs)) return claimLapsed(entry, request, nowMs);
  return { outcome: 'running', fingerprint: entry.fingerprint, leaseLeftMs: entry.leaseEndsAtMs - nowMs };
}

/** Sets a new end of the lease; an unfinished record is kept correspondingly longer. */
export function extendLease(
  entry: Entry,
  request: { readonly leaseMs: number; readonly unresolvedRetentionMs: number },
  nowMs: number,
): void {
  entry.leaseEndsAtMs = nowMs + request.leaseMs;
  entry.expiresAtMs = entry.leaseEndsAtMs + request.unresolvedRetentionMs;
}

function completed(entry: Entry): ClaimOutcome {
  const { fingerprint, operationId, changedAtMs, result } = entry;
  if (result === undefined) throw new TypeError('A completed record has a result.');
  return { outcome: 'completed', fingerprint, result, operationId, completedAtMs: changedAtMs };
}

function claimOpen(entry: Entry, request: ClaimRequest, nowMs: number): ClaimOutcome {
  if (entry.token === request.token) return { outcome: 'superseded' };
  if (entry.steps === undefined) putPayload(entry, request);
  else if (!request.acceptable.includes(entry.fingerprint)) return { outcome: 'open', fingerprint: entry.fingerprint };
  return takeHold(entry, request, nowMs, false);
}

function putPayload(entry: Entry, request: ClaimRequest): void {
  entry.fingerprint = request.fingerprint;
  putRequest(entry, request.request);
}

function claimAgain(entry: Entry, request: ClaimRequest, nowMs: number): ClaimOutcome {
  if (entry.abandoned) return { outcome: 'superseded' };
  extendLease(entry, request, nowMs);
  return claimed(entry);
}

function claimLapsed(entry: Entry, request: ClaimRequest, nowMs: number): ClaimOutcome {
  if (mayTakeOver(entry, request)) return takeHold(entry, request, nowMs, true);
  const { fingerprint, policy, attempt } = entry;
  return { outcome: 'lapsed', fingerprint, policy, attempt };
}

function mayTakeOver(entry: Entry, request: ClaimRequest): boolean {
  if (!request.acceptable.includes(entry.fingerprint)) return false;
  if (entry.attempt >= request.maxAttempts) return false;
  return request.takeover === 'any' || (request.takeover === 'rerun' && entry.policy === 'rerun');
}

function takeHold(entry: Entry, request: ClaimRequest, nowMs: number, tookOver: boolean): Claimed {
  entry.phase = 'held';
  entry.abandoned = false;
  entry.tookOver = tookOver;
  entry.token = request.token;
  entry.attempt += 1;
  entry.changedAtMs = nowMs;
  extendLease(entry, request, nowMs);
  return claimed(entry);
}
