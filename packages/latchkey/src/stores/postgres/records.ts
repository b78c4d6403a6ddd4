/**
 * Claims, the owner's writes, and pages of records.
 *
 * The transitions that all stores share decide the outcome of a claim; their change is written only if the record is
 * still as it was read. An owner's statement checks ownership and writes at once. Only if it changed nothing, a read
 * follows, which distinguishes a repeated call from a lost record.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../core/errors.ts';
import type * as contract from '../../core/store.ts';
import { claimEntry, claimed, newEntry } from '../record/claim-entry.ts';
import { type Entry, holdsRequest, isExpired, type Phase, toStoredRecord } from '../record/entry.ts';
import { encodeSteps } from '../record/step-blob.ts';
import { checkPageLimit, unknownCursor } from '../shared/paging.ts';
import type { PostgresValue } from './bridges/bridge.ts';
import type { Connection } from './connection.ts';
import { columnIn, entryOf, flagIn, keptResult, numberIn, pack, type Row, recordFormats, stepsIn } from './row.ts';
import type { StatementName } from './statements.ts';

/** Number of reads by a claim that finds a changed record each time; then the engine tries again. */
const claimRounds = 10;

/** The reported rest of the lease of a locked record, since the end of an open transaction is unknown. */
const lockedLeaseMs = 1_000;

/** Number of attempts for a write that owns the record but changes nothing. */
const writeRounds = 5;

/** The column values of each listed state. */
const listed: Readonly<Record<contract.RecordState, readonly [phase: Phase, lapsed: boolean | null]>> = {
  running: ['held', false],
  lapsed: ['held', true],
  open: ['open', null],
  completed: ['completed', null],
};

/** A record as a claim read it. */
interface Seen {
  readonly entry: Entry;
  readonly nowMs: number;
}

/** See `Store.claim`. */
export async function claimRecord<Tx>(
  connection: Connection<Tx>,
  request: contract.ClaimRequest,
): Promise<contract.ClaimOutcome> {
  const values = claimValues(request);
  let tried: Entry | undefined;
  for (let round = 0; round < claimRounds; round += 1) {
    const [row] = await connection.run('claim', values);
    const seen = row && readClaim(row, request);
    if (seen === undefined) continue;
    if ('outcome' in seen) return seen;
    if (tried !== undefined && isSame(tried, seen.entry)) return locked(seen.entry);
    tried = seen.entry;
    const taken = await takeSeen(connection, request, values, seen);
    if ('outcome' in taken) return taken;
  }
  throw new StoreUnavailableError('The record kept changing under this call.');
}

/** The outcome if the statement was enough; the record if it has to be written; nothing if it changed meanwhile. */
function readClaim(row: Row, request: contract.ClaimRequest): contract.ClaimOutcome | Seen | undefined {
  const nowMs = numberIn(row, 'now');
  if (flagIn(row, 'inserted')) return claimed(newEntry(request, nowMs));
  if (columnIn(row, 'id') === null) return undefined;
  const entry = entryOf(row);
  if (isExpired(entry, nowMs)) return { entry, nowMs };
  const outcome = claimEntry({ ...entry }, request, nowMs);
  return outcome.outcome === 'claimed' ? { entry, nowMs } : outcome;
}

async function takeSeen<Tx>(
  connection: Connection<Tx>,
  request: contract.ClaimRequest,
  values: readonly PostgresValue[],
  { entry, nowMs }: Seen,
): Promise<contract.Claimed | Record<never, never>> {
  if (isExpired(entry, nowMs)) {
    const replaced = await connection.run('replace', [...values, pack(entry.token)]);
    return replaced.length === 0 ? {} : claimed(newEntry(request, nowMs));
  }
  const next = { ...entry };
  claimEntry(next, request, nowMs);
  const [taken] = await connection.run('take', takeValues(entry, next, request));
  if (taken === undefined) return {};
  // A late worker may have saved a step since the read.
  return claimed({ ...next, steps: stepsIn(taken) });
}

function isSame(a: Entry, b: Entry): boolean {
  return a.token === b.token && a.phase === b.phase && a.leaseEndsAtMs === b.leaseEndsAtMs && a.attempt === b.attempt;
}

function locked({ fingerprint }: Entry): contract.ClaimOutcome {
  return { outcome: 'running', fingerprint, leaseLeftMs: lockedLeaseMs };
}

function claimValues(request: contract.ClaimRequest): readonly PostgresValue[] {
  return [
    pack(request.id),
    pack(request.principal),
    // PostgreSQL text cannot hold a NUL, and this one is only displayed.
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

function takeValues(seen: Entry, next: Entry, request: contract.ClaimRequest): readonly PostgresValue[] {
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

/** See `Store.renew`. */
export async function renewRecord<Tx>(connection: Connection<Tx>, request: contract.RenewRequest): Promise<boolean> {
  const values = [...ownerOf(request), request.leaseMs, request.unresolvedRetentionMs];
  const end = await write(connection, 'renew', values, (entry) => !isHeldBy(entry, request) || entry.abandoned);
  return end === 'written';
}

/** See `Store.complete`. */
export async function completeRecord<Tx>(
  connection: Connection<Tx>,
  request: contract.CompleteRequest,
  maxResultBytes: number,
): Promise<contract.CompleteOutcome> {
  const { kind, bytes } = keptResult(request.result, request.tombstone, maxResultBytes);
  const { channel } = connection.parts.names;
  const values = [...ownerOf(request), kind, bytes, request.retentionMs, request.notify ?? false, channel];
  const end = await write(connection, 'complete', values, (entry) => !isHeldBy(entry, request));
  if (end === 'written') return outcomeOf(kind);
  const isOwn = end !== undefined && end.token === request.token && end.result !== undefined;
  return isOwn && end.result !== undefined ? outcomeOf(end.result.kind) : 'lost';
}

/** See `Store.release`. */
export async function releaseRecord<Tx>(
  connection: Connection<Tx>,
  request: contract.ReleaseRequest,
): Promise<boolean> {
  const { channel } = connection.parts.names;
  const values = [...ownerOf(request), request.retentionMs, request.notify ?? false, channel, request.unused ? 1 : 0];
  const end = await write(connection, 'release', values, (entry) => !isHeldBy(entry, request));
  return end === 'written' || (end?.phase === 'open' && end.token === request.token);
}

/** See `Store.abandon`. */
export async function abandonRecord<Tx>(
  connection: Connection<Tx>,
  request: contract.AbandonRequest,
): Promise<boolean> {
  const values = [...ownerOf(request), request.unresolvedRetentionMs, request.unused ? 1 : 0];
  const end = await write(connection, 'abandon', values, (entry) => !isHeldBy(entry, request) || entry.abandoned);
  return end === 'written' || (end !== undefined && isHeldBy(end, request));
}

/** See `Store.saveStep`. */
export async function saveRecordStep<Tx>(
  connection: Connection<Tx>,
  request: contract.SaveStepRequest,
): Promise<boolean> {
  const step = encodeSteps(new Map([[request.name, request.value]]));
  const values = [...ownerOf(request), Buffer.from(request.name), step];
  return (await write(connection, 'save-step', values, (entry) => !isHeldBy(entry, request))) === 'written';
}

function ownerOf({ id, token }: contract.Owner): readonly PostgresValue[] {
  return [pack(id), pack(token)];
}

function isHeldBy(entry: Entry, { token }: contract.Owner): boolean {
  return entry.phase === 'held' && entry.token === token;
}

function outcomeOf(kind: contract.StoredResult['kind']): contract.CompleteOutcome {
  return kind === 'value' ? 'completed' : 'tombstoned';
}

/** Writes. If that changes nothing, returns the record, or nothing if it is gone, once `isSettled` excludes a race. */
async function write<Tx>(
  connection: Connection<Tx>,
  name: StatementName,
  values: readonly PostgresValue[],
  isSettled: (entry: Entry) => boolean,
): Promise<'written' | Entry | undefined> {
  for (let round = 0; round < writeRounds; round += 1) {
    if ((await connection.run(name, values)).length > 0) return 'written';
    const [row] = await connection.run('read', values.slice(0, 1));
    if (row === undefined) return undefined;
    const entry = entryOf(row);
    if (isExpired(entry, numberIn(row, 'now'))) return undefined;
    if (isSettled(entry)) return entry;
  }
  throw new StoreUnavailableError('The record kept changing under this call.');
}

/**
 * See `Store.list`.
 *
 * @throws LatchkeyError `option-invalid`, and the errors of the connection.
 */
export async function listRecords<Tx>(
  connection: Connection<Tx>,
  request: contract.ListRequest,
): Promise<contract.RecordPage> {
  const [expires, id] = placeAfter(request);
  const rows = await connection.run('list', [...listed[request.state], expires, id, request.limit + 1]);
  const records = rows.slice(0, request.limit).map((row) => toStoredRecord(entryOf(row), numberIn(row, 'now')));
  const last = records.at(-1);
  return rows.length <= request.limit || last === undefined
    ? { records }
    : { records, next: cursorAt(last.expiresAtMs, last.id) };
}

/** The cursor of the page after this position. */
export function cursorAt(timeMs: number, id: string): string {
  return `${timeMs}.${pack(id).toString('hex')}`;
}

/**
 * The position that a page starts after.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function placeAfter(
  request: Pick<contract.ListRequest, 'limit' | 'cursor'>,
): readonly [timeMs: number, id: Buffer] {
  checkPageLimit(request);
  if (request.cursor === undefined) return [-1, Buffer.alloc(0)];
  const [, timeMs, hex = ''] = /^(\d+)\.((?:[\da-f]{2})*)$/.exec(request.cursor) ?? [];
  if (!Number.isSafeInteger(Number(timeMs))) throw unknownCursor();
  return [Number(timeMs), Buffer.from(hex, 'hex')];
}
