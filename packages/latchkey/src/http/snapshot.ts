/**
 * A response as the bytes of a record, and back.
 *
 * The first byte is the format's version. Then the length of the head as four bytes, most significant first; the
 * head, a JSON array of the status, a number of flags and the fields' names and values in turn; and the body. The
 * tombstone of a response is its snapshot without the body.
 *
 * @module
 */

import type { FinalWrite } from '../core/context.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { Field } from './exchange.ts';
import { keptFields } from './kept-fields.ts';

/** What a record keeps of a response. */
export interface Snapshot {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
  /** True if the content coding was sent to a client that had not asked for it, so that it belongs to the content. */
  readonly fixedCoding: boolean;
}

/** Both forms in which a store may keep a response. */
export interface EncodedResponse {
  readonly snapshot: Uint8Array;
  readonly tombstone: Uint8Array;
}

const VERSION = 1;
const HEAD_START = 5;
const FIXED_CODING = 1;

/** Encodes a response; the fields that a record doesn't keep are left out here. */
export function encodeResponse(response: Omit<Snapshot, 'fixedCoding'>, fixedCoding = false): EncodedResponse {
  const { status, fields, body } = response;
  const head = JSON.stringify([status, fixedCoding ? FIXED_CODING : 0, ...keptFields(fields, status).flat()]);
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(HEAD_START + headBytes + body.length);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt32BE(headBytes, 1);
  bytes.write(head, HEAD_START);
  bytes.set(body, HEAD_START + headBytes);
  return { snapshot: bytes, tombstone: bytes.subarray(0, HEAD_START + headBytes) };
}

/** What to store of a whole response: all of it, or its tombstone if its body is longer than the limit. */
export function finalWrite({ snapshot, tombstone }: EncodedResponse, limitBytes: number): FinalWrite {
  const fits = snapshot.length - tombstone.length <= limitBytes;
  return { result: fits ? { kind: 'value', bytes: snapshot } : { kind: 'tombstone', bytes: tombstone }, tombstone };
}

function unreadable(why: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('record-unreadable', `A stored response can't be read: ${why}.`, { cause });
}

function parseHead(head: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(head);
    if (Array.isArray(parsed)) return parsed;
  } catch (error) {
    throw unreadable('its head is garbled', error);
  }
  throw unreadable('its head is garbled');
}

function fieldsOf(texts: readonly unknown[]): readonly Field[] {
  const fields: Field[] = [];
  for (let index = 0; index < texts.length; index += 2) {
    const name = texts[index];
    const value = texts[index + 1];
    if (typeof name !== 'string' || typeof value !== 'string') throw unreadable('its fields are garbled');
    fields.push([name, value]);
  }
  return fields;
}

/**
 * Decodes a snapshot or a tombstone. The body shares the record's memory.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are garbled or of a newer version. The operation has run:
 * this must never lead to running it again.
 */
export function decodeResponse(bytes: Uint8Array): Snapshot {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] !== VERSION) throw unreadable(`its format version is ${buffer[0] ?? 'missing'}, not ${VERSION}`);
  const bodyStart = buffer.length < HEAD_START ? Number.NaN : HEAD_START + buffer.readUInt32BE(1);
  if (!(bodyStart <= buffer.length)) throw unreadable('it is cut short');
  const [status, flags, ...texts] = parseHead(buffer.toString('utf8', HEAD_START, bodyStart));
  if (!isStatus(status) || typeof flags !== 'number') throw unreadable('its head is garbled');
  return {
    status,
    fields: fieldsOf(texts),
    body: bytes.subarray(bodyStart),
    fixedCoding: (flags & FIXED_CODING) !== 0,
  };
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 999;
}
