/**
 * Converts records to rows of the table, and back. A row that this version cannot have written is refused.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { StoredResult } from '../../core/store.ts';
import { type Entry, type EntryRequest, holdsRequest, type Phase } from '../record/entry.ts';
import { decodeSteps, encodeSteps } from '../record/step-blob.ts';
import type { Inputs } from './connection.ts';
import { unreadable } from './errors.ts';

/** Code of version 1 only knows the first; a record has the second while it has a request. */
export const formats = { plain: 1, withRequest: 2 } as const;

/** The values of the column `state`. */
export const stateCodes = { held: 0, open: 1, completed: 2 } as const satisfies Record<Phase, number>;

/** The bits of the column `flags`. */
export const flagBits = { rerun: 1, tookOver: 2, abandoned: 4, tombstone: 8 } as const;

/** A record as it was read, and its revision, which shows whether it has changed since. */
export interface Row {
  readonly entry: Entry;
  readonly seq: number;
  readonly revision: number;
  /** The server's clock when it was read. */
  readonly nowMs: number;
}

/**
 * The record in a row.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function rowOf(row: unknown): Row {
  const column = columnsOf(row);
  const format = wholeNumber(column('format'));
  if (format !== formats.plain && format !== formats.withRequest)
    throw unreadable(`a record has format ${format}; this version reads 1 and 2`);
  return {
    entry: entryOf(column, format),
    seq: wholeNumber(column('seq')),
    revision: wholeNumber(column('revision')),
    nowMs: wholeNumber(column('now')),
  };
}

/** The inputs of a statement that replaces a record that was read. */
export function changeInputs(entry: Entry, { seq, revision }: Row): Inputs {
  return {
    seq,
    revision,
    format: holdsRequest(entry) ? formats.withRequest : formats.plain,
    state: stateCodes[entry.phase],
    flags: flagsOf(entry),
    attempt: entry.attempt,
    created: entry.createdAtMs,
    changed: entry.changedAtMs,
    lease_end: entry.phase === 'held' ? entry.leaseEndsAtMs : 0,
    expires: entry.expiresAtMs,
    token: entry.token,
    operation_id: entry.operationId,
    fingerprint: entry.fingerprint,
    principal: entry.principal,
    operation: entry.operation,
    steps: encodeSteps(entry.steps),
    result: entry.result?.bytes ?? null,
    keeps_request: Number(entry.request === 'unread'),
    request: entry.request instanceof Uint8Array ? entry.request : null,
  };
}

/** Reads the columns of a row by name. */
export function columnsOf(row: unknown): (name: string) => unknown {
  if (typeof row !== 'object' || row === null) throw unreadable('the driver returned a row that is not an object');
  return (name) => Reflect.get(row, name);
}

/** An integer; depending on its settings, mysql2 returns text. */
export function wholeNumber(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw unreadable(`a column must hold a safe integer; got ${typeof value}`);
}

function entryOf(column: (name: string) => unknown, format: number): Entry {
  const flags = wholeNumber(column('flags'));
  const phase = phaseOf(column('state'));
  return {
    id: text(column('id')),
    principal: text(column('principal')),
    operation: text(column('operation')),
    operationId: text(column('operation_id')),
    policy: flags & flagBits.rerun ? 'rerun' : 'refuse',
    createdAtMs: wholeNumber(column('created')),
    fingerprint: text(column('fingerprint')),
    token: text(column('token')),
    attempt: wholeNumber(column('attempt')),
    phase,
    abandoned: (flags & flagBits.abandoned) !== 0,
    tookOver: (flags & flagBits.tookOver) !== 0,
    leaseEndsAtMs: wholeNumber(column('lease_end')),
    expiresAtMs: wholeNumber(column('expires')),
    changedAtMs: wholeNumber(column('changed')),
    steps: decodeSteps(column('steps'), unreadable),
    result: phase === 'completed' ? resultOf(column('result'), flags) : undefined,
    request: format === formats.plain ? 'none' : requestOf(column('request')),
  };
}

function flagsOf(entry: Entry): number {
  let flags = 0;
  if (entry.policy === 'rerun') flags |= flagBits.rerun;
  if (entry.tookOver) flags |= flagBits.tookOver;
  if (entry.abandoned) flags |= flagBits.abandoned;
  if (entry.result?.kind === 'tombstone') flags |= flagBits.tombstone;
  return flags;
}

function phaseOf(value: unknown): Phase {
  const code = wholeNumber(value);
  if (code === stateCodes.held) return 'held';
  if (code === stateCodes.open) return 'open';
  if (code === stateCodes.completed) return 'completed';
  throw unreadable('a record has an unknown state');
}

/** A text, which is stored as bytes. */
export function text(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString();
  throw unreadable(`a column must hold text as bytes; got ${typeof value}`);
}

/** Most statements do not read it. */
function requestOf(value: unknown): EntryRequest {
  if (value === undefined) return 'unread';
  if (!Buffer.isBuffer(value)) throw unreadable('the request of a record is missing');
  return value;
}

function resultOf(value: unknown, flags: number): StoredResult {
  if (!Buffer.isBuffer(value)) throw unreadable('a completed record has no result');
  return { kind: flags & flagBits.tombstone ? 'tombstone' : 'value', bytes: value };
}
