/**
 * Reads a row of the table as a record. A row that this version cannot have written is refused. Clients and their type
 * parsers return numbers and bytes in different forms; all of them are accepted.
 *
 * Names are stored as bytes: 32 for a digest and 16 for a UUID; any other text as UTF-8 after a mark, which keeps it
 * from having one of these lengths.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { AfterFailure, StoredResult } from '../../core/store.ts';
import type { Entry, EntryRequest, Phase } from '../record/entry.ts';
import { decodeSteps } from '../record/step-blob.ts';
import { assertReadable } from '../shared/unreadable.ts';
import { unreadable } from './errors.ts';

/** A row as a client returns it. */
export type Row = object;

/** Code of version 1 only knows the first; a record has the second while it has a request. */
export const recordFormats = { plain: 1, withRequest: 2 } as const;

const phases: readonly Phase[] = ['held', 'open', 'completed'];
const policies: readonly AfterFailure[] = ['refuse', 'rerun'];
const kinds: readonly StoredResult['kind'][] = ['value', 'tombstone'];

/** SHA-256 as base64url: the last character holds four bits, so only 16 characters are possible there. */
const digest = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

const digestBytes = 32;
const uuidBytes = 16;
const marks = [Buffer.from([1]), Buffer.from([2, 0])] as const;

/**
 * The record in a row.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function entryOf(row: Row): Entry {
  const format = numberIn(row, 'format');
  if (format !== recordFormats.plain && format !== recordFormats.withRequest)
    throw unreadable(`a record has format ${format}; this version reads 1 and 2`);
  const phase = oneOf(phases, columnIn(row, 'state'));
  return {
    id: nameIn(row, 'id'),
    principal: nameIn(row, 'principal'),
    operation: textIn(row, 'operation'),
    operationId: nameIn(row, 'operationid'),
    policy: oneOf(policies, columnIn(row, 'policy')),
    createdAtMs: numberIn(row, 'created'),
    fingerprint: textIn(row, 'fingerprint'),
    token: nameIn(row, 'token'),
    attempt: numberIn(row, 'attempt'),
    phase,
    abandoned: flagIn(row, 'abandoned'),
    tookOver: flagIn(row, 'tookover'),
    leaseEndsAtMs: phase === 'held' ? numberIn(row, 'leaseend') : 0,
    expiresAtMs: numberIn(row, 'expires'),
    changedAtMs: numberIn(row, 'changed'),
    steps: stepsIn(row),
    result: phase === 'completed' ? resultIn(row) : undefined,
    request: format === recordFormats.plain ? 'none' : requestIn(row),
  };
}

const unknownForm =
  'The PostgreSQL client returns values in a form that the store does not read. Use a client without type ' +
  'parsers, transforms and binary results.';

/**
 * Checks a row with one value of each type. A client with type parsers, transforms or a binary format may return other
 * values.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkProbe(row: Row): void {
  assertReadable(
    unknownForm,
    () =>
      numberIn(row, 'wide') === Number.MAX_SAFE_INTEGER &&
      flagIn(row, 'flag') &&
      textIn(row, 'words') === 'text' &&
      bytesIn(row, 'bytes').equals(Buffer.from([0, 255])) &&
      columnIn(row, 'nothing') === null,
  );
}

/** The value of a column. */
export function columnIn(row: Row, name: string): unknown {
  return Reflect.get(row, name);
}

/** An integer, in any form in which clients return a bigint. */
export function numberIn(row: Row, name: string): number {
  const value = columnIn(row, name);
  const number = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw unreadable(`the column ${name} must hold a number`);
}

/** A packed name. */
export function nameIn(row: Row, name: string): string {
  return unpack(bytesIn(row, name));
}

/** The saved steps of a row. */
export function stepsIn(row: Row): Map<string, Uint8Array> | undefined {
  return columnIn(row, 'steps') === null ? undefined : decodeSteps(bytesIn(row, 'steps'), unreadable);
}

/** True or false. */
export function flagIn(row: Row, name: string): boolean {
  const value = columnIn(row, name);
  if (typeof value === 'boolean') return value;
  throw unreadable(`the column ${name} must hold true or false`);
}

/** Most statements do not read it. */
function requestIn(row: Row): EntryRequest {
  return columnIn(row, 'request') === undefined ? 'unread' : bytesIn(row, 'request');
}

function resultIn(row: Row): StoredResult {
  return { kind: oneOf(kinds, columnIn(row, 'kind')), bytes: bytesIn(row, 'result') };
}

/** The bytes of a column. */
export function bytesIn(row: Row, name: string): Buffer {
  const value = columnIn(row, name);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'string' && value.startsWith('\\x')) return Buffer.from(value.slice(2), 'hex');
  throw unreadable(`the column ${name} must hold bytes`);
}

/** A text. */
export function textIn(row: Row, name: string): string {
  const value = columnIn(row, name);
  if (typeof value === 'string') return value;
  throw unreadable(`the column ${name} must hold text`);
}

function oneOf<T>(known: readonly T[], value: unknown): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw unreadable('a record has an unknown state, policy or kind');
  return found;
}

/** The result if it fits, else its tombstone. */
export function keptResult(result: StoredResult, tombstone: Uint8Array, maxBytes: number): StoredResult {
  return result.bytes.byteLength <= maxBytes ? result : { kind: 'tombstone', bytes: tombstone };
}

/** The stored form of an id, a principal, a token or an operation id. */
export function pack(text: string): Buffer {
  if (digest.test(text)) return Buffer.from(text, 'base64url');
  if (uuid.test(text)) return Buffer.from(text.replaceAll('-', ''), 'hex');
  const bytes = Buffer.from(text);
  const length = bytes.byteLength + 1;
  return Buffer.concat([length === digestBytes || length === uuidBytes ? marks[1] : marks[0], bytes]);
}

/**
 * The text of packed bytes.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function unpack(bytes: Buffer): string {
  if (bytes.byteLength === digestBytes) return bytes.toString('base64url');
  if (bytes.byteLength === uuidBytes) return uuidOf(bytes.toString('hex'));
  const mark = marks[(bytes[0] ?? 0) - 1];
  if (mark === undefined || !bytes.subarray(0, mark.byteLength).equals(mark))
    throw unreadable('a name has an unknown form');
  return bytes.toString('utf8', mark.byteLength);
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
