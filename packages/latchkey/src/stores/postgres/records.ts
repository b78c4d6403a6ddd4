/**
 * Claims: what a reading shows is decided by the transitions that all stores share, and what they change is written
 * only if the record is still as it was read.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Claimed, ClaimOutcome, ClaimRequest } from '../../core/store.ts';
import { claimEntry, claimed, newEntry } from '../record/claim-entry.ts';
import { type Entry, holdsRequest, isExpired } from '../record/entry.ts';
import type { SqlValue } from './bridge.ts';
import type { Session } from './connection.ts';
import { pack } from './packing.ts';
import { columnIn, entryOf, flagIn, numberIn, type Row, recordFormats, stepsIn } from './row.ts';

/** A claim that finds another record each time it looks gives up; the engine tries again. */
const rounds = 10;

/** What a record that somebody else has locked is said to have left: an open transaction's end isn't known. */
const lockedLeaseMs = 1_000;

/** See `Store.claim`. */
export async function claimRecord<Tx>(session: Session<Tx>, request: ClaimRequest): Promise<ClaimOutcome> {
  const values = claimValues(request);
  let tried: Entry | undefined;
  for (let round = 0; round < rounds; round += 1) {
    const [row] = await session.run('claim', values);
    const seen = row && readClaim(row, request);
    if (seen === undefined) continue;
    if ('outcome' in seen) return seen;
    if (tried !== undefined && isSame(tried, seen.entry)) return locked(seen.entry);
    tried = seen.entry;
    const taken = await takeSeen(session, request, values, seen);
    if ('outcome' in taken) return taken;
  }
  throw new StoreUnavailableError('The record kept changing under this call.');
}

interface Seen {
  readonly entry: Entry;
  readonly nowMs: number;
}

/** The answer, if the statement was enough; the record that was seen, if it has to be written; nothing if raced. */
function readClaim(row: Row, request: ClaimRequest): ClaimOutcome | Seen | undefined {
  const nowMs = numberIn(row, 'now');
  if (flagIn(row, 'inserted')) return claimed(newEntry(request, nowMs));
  if (columnIn(row, 'id') === null) return undefined;
  const entry = entryOf(row);
  if (isExpired(entry, nowMs)) return { entry, nowMs };
  const outcome = claimEntry({ ...entry }, request, nowMs);
  return outcome.outcome === 'claimed' ? { entry, nowMs } : outcome;
}

async function takeSeen<Tx>(
  session: Session<Tx>,
  request: ClaimRequest,
  values: readonly SqlValue[],
  { entry, nowMs }: Seen,
): Promise<Claimed | Record<never, never>> {
  if (isExpired(entry, nowMs)) {
    const replaced = await session.run('replace', [...values, pack(entry.token)]);
    return replaced.length === 0 ? {} : claimed(newEntry(request, nowMs));
  }
  const next = { ...entry };
  claimEntry(next, request, nowMs);
  const [taken] = await session.run('take', takeValues(entry, next, request));
  if (taken === undefined) return {};
  // A late worker may have saved a step since the record was read.
  return claimed({ ...next, steps: stepsIn(taken) });
}

function isSame(a: Entry, b: Entry): boolean {
  return a.token === b.token && a.phase === b.phase && a.leaseEndsAtMs === b.leaseEndsAtMs && a.attempt === b.attempt;
}

function locked({ fingerprint }: Entry): ClaimOutcome {
  return { outcome: 'running', fingerprint, leaseLeftMs: lockedLeaseMs };
}

function claimValues(request: ClaimRequest): readonly SqlValue[] {
  return [
    pack(request.id),
    pack(request.principal),
    // PostgreSQL has no text with a NUL, and this one is only shown to people.
    request.operation.replaceAll('\0', '\uFFFD'),
    pack(request.operationId),
    request.policy,
    request.fingerprint,
    pack(request.token),
    request.leaseMs,
    request.unresolvedRetentionMs,
    request.request ?? null,
  ];
}

function takeValues(seen: Entry, next: Entry, request: ClaimRequest): readonly SqlValue[] {
  return [
    pack(seen.id),
    pack(seen.token),
    seen.phase,
    seen.phase === 'held' ? seen.leaseEndsAtMs : null,
    pack(next.token),
    next.attempt,
    next.tookOver,
    next.fingerprint,
    request.leaseMs,
    request.unresolvedRetentionMs,
    holdsRequest(next) ? recordFormats.withRequest : recordFormats.plain,
    next.request === 'unread',
    next.request instanceof Uint8Array ? next.request : null,
  ];
}
