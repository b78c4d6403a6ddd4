/**
 * Converts records to rows of the table, and back. A row that this version cannot have written is refused.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ClaimOutcome, StoredResult } from '../../core/store.ts';
import { type Entry, holdsRequest, type Phase } from '../record/entry.ts';
import { decodeSteps, encodeSteps } from '../record/step-blob.ts';
import { assertReadable } from '../shared/unreadable.ts';
import type { SqliteValue } from './client.ts';
import { unreadable } from './errors.ts';

/** The values of the column `state` in records of format 1, without a request. */
export const stateCodes = { held: 0, open: 1, completed: 2 } as const satisfies Record<Phase, number>;

/** The values of the column `state` in records of format 2; releases without requests refuse them. */
export const requestStateCodes = { held: 3, open: 4 } as const;

/** The bits of the column `flags`. */
export const flagBits = { rerun: 1, tookOver: 2, abandoned: 4, tombstone: 8 } as const;

/** The columns that never change. */
export const fixedColumns = ['id', 'created', 'operation_id', 'principal', 'operation'] as const;

/** The columns that transitions change. */
export const movingColumns = [
  'state',
  'flags',
  'lease_end',
  'expires',
  'changed',
  'attempt',
  'token',
  'fingerprint',
  'steps',
  'result',
] as const;

/** SHA-256 as base64url: the last character holds four bits, so only 16 characters are possible there. */
const digest = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const digestBytes = 32;

const uuidLength = 36;
const uuidBytes = 16;

/** The values of {@link fixedColumns}. */
export function fixedValues(entry: Entry): SqliteValue[] {
  return [
    packDigest(entry.id),
    entry.createdAtMs,
    packUuid(entry.operationId),
    packDigest(entry.principal),
    entry.operation,
  ];
}

/** The values of {@link movingColumns}. */
export function movingValues(entry: Entry): SqliteValue[] {
  return [
    stateOf(entry),
    flagsOf(entry),
    entry.phase === 'held' ? entry.leaseEndsAtMs : null,
    entry.expiresAtMs,
    entry.changedAtMs,
    entry.attempt,
    packUuid(entry.token),
    entry.fingerprint,
    encodeSteps(entry.steps),
    entry.result === undefined ? null : blobValue(entry.result.bytes),
  ];
}

/**
 * The stored form of an id or a principal: a digest as bytes, any other text unchanged. As text they would be half of
 * a record's overhead.
 */
export function packDigest(text: string): string | Uint8Array {
  return digest.test(text) ? Buffer.from(text, 'base64url') : text;
}

/** The stored form of a token or an operation id: a UUID in lower case as bytes, any other text unchanged. */
export function packUuid(text: string): string | Uint8Array {
  if (text.length !== uuidLength) return text;
  const hex = text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18) + text.slice(19, 23) + text.slice(24);
  const bytes = Buffer.from(hex, 'hex');
  return bytes.byteLength === uuidBytes && unpack(bytes) === text ? bytes : text;
}

/** The text of either stored form. */
export function unpack(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) throw unreadable('a name is neither text nor bytes');
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.byteLength === digestBytes) return bytes.toString('base64url');
  if (bytes.byteLength !== uuidBytes) throw unreadable('a name has the wrong length');
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The value of a column of bytes. Older releases of node:sqlite bind an empty blob as NULL, so it is stored as text. */
export function blobValue(bytes: Uint8Array): SqliteValue {
  return bytes.byteLength === 0 ? '' : bytes;
}

/**
 * The bytes in such a column.
 *
 * @throws LatchkeyError `record-unreadable`, with the given message.
 */
export function blobIn(value: unknown, missing: string): Uint8Array {
  const bytes = value === '' ? new Uint8Array() : value;
  if (!(bytes instanceof Uint8Array)) throw unreadable(missing);
  return bytes;
}

/**
 * The record in a row.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function entryOf(row: unknown): Entry {
  const column = columnsOf(row);
  const state = wholeNumber(column('state'));
  const phase = phaseOf(state);
  const flags = wholeNumber(column('flags'));
  return {
    id: unpack(column('id')),
    principal: unpack(column('principal')),
    operation: text(column('operation')),
    operationId: unpack(column('operation_id')),
    policy: flags & flagBits.rerun ? 'rerun' : 'refuse',
    createdAtMs: wholeNumber(column('created')),
    fingerprint: text(column('fingerprint')),
    token: unpack(column('token')),
    attempt: wholeNumber(column('attempt')),
    phase,
    abandoned: (flags & flagBits.abandoned) !== 0,
    tookOver: (flags & flagBits.tookOver) !== 0,
    leaseEndsAtMs: phase === 'held' ? wholeNumber(column('lease_end')) : 0,
    expiresAtMs: wholeNumber(column('expires')),
    changedAtMs: wholeNumber(column('changed')),
    steps: decodeSteps(column('steps'), unreadable),
    result: phase === 'completed' ? resultOf(column('result'), flags) : undefined,
    request: isRequestState(state) ? 'unread' : 'none',
  };
}

/**
 * The answer of a completed record to a claim, from the columns that it needs.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function completedOf(row: unknown): ClaimOutcome {
  const column = columnsOf(row);
  return {
    outcome: 'completed',
    fingerprint: text(column('fingerprint')),
    result: resultOf(column('result'), wholeNumber(column('flags'))),
    operationId: unpack(column('operation_id')),
    completedAtMs: wholeNumber(column('changed')),
  };
}

/** Whether a statement found no row; handles return undefined or null for that. */
export function isMissing(row: unknown): row is undefined | null {
  return row === undefined || row === null;
}

/** One value of each type in a row. */
export const probeRow = "SELECT 9007199254740991 AS whole, 'text' AS words, x'00ff' AS bytes, NULL AS absent";

const unknownForm =
  'The SQLite handle returns rows in a form that the store does not read. Open it without returnArrays and without ' +
  'options that change the types of values.';

/**
 * Checks a handle's result for {@link probeRow}: handles may return rows as arrays, or other types.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkProbe(row: unknown): void {
  assertReadable(unknownForm, () => {
    const column = columnsOf(row);
    return (
      wholeNumber(column('whole')) === Number.MAX_SAFE_INTEGER &&
      text(column('words')) === 'text' &&
      blobIn(column('bytes'), 'bytes are not bytes')[1] === 255 &&
      column('absent') === null
    );
  });
}

/** Reads the columns of a row by name. */
export function columnsOf(row: unknown): (name: string) => unknown {
  if (typeof row !== 'object' || row === null) throw unreadable('the driver returned a row that is not an object');
  return (name) => Reflect.get(row, name);
}

/** An integer, in any form in which handles return integers. */
export function wholeNumber(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw unreadable(`a column must hold a safe integer; got ${typeof value}`);
}

function flagsOf(entry: Entry): number {
  let flags = 0;
  if (entry.policy === 'rerun') flags |= flagBits.rerun;
  if (entry.tookOver) flags |= flagBits.tookOver;
  if (entry.abandoned) flags |= flagBits.abandoned;
  if (entry.result?.kind === 'tombstone') flags |= flagBits.tombstone;
  return flags;
}

function stateOf(entry: Entry): number {
  if (entry.phase === 'completed' || !holdsRequest(entry)) return stateCodes[entry.phase];
  return requestStateCodes[entry.phase];
}

function isRequestState(code: number): boolean {
  return code === requestStateCodes.held || code === requestStateCodes.open;
}

function phaseOf(code: number): Phase {
  if (code === stateCodes.held || code === requestStateCodes.held) return 'held';
  if (code === stateCodes.open || code === requestStateCodes.open) return 'open';
  if (code === stateCodes.completed) return 'completed';
  throw unreadable('a record has an unknown state');
}

/** A text. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw unreadable(`a column must hold text; got ${typeof value}`);
}

function resultOf(value: unknown, flags: number): StoredResult {
  const bytes = blobIn(value, 'a completed record has no result');
  return { kind: flags & flagBits.tombstone ? 'tombstone' : 'value', bytes };
}
