/**
 * Names as bytes: a digest takes 32 and a UUID 16; any other text is its UTF-8 behind a mark that keeps it from
 * having either length.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { unreadable } from './errors.ts';

/** SHA-256 as base64url: the last character carries four bits, so only 16 of them give the same text back. */
const digest = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

const digestBytes = 32;
const uuidBytes = 16;
const marks = [Buffer.from([1]), Buffer.from([2, 0])] as const;

/** The stored form of an id, a principal, a token or an operation id. */
export function pack(text: string): Buffer {
  if (digest.test(text)) return Buffer.from(text, 'base64url');
  if (uuid.test(text)) return Buffer.from(text.replaceAll('-', ''), 'hex');
  const bytes = Buffer.from(text);
  const length = bytes.byteLength + 1;
  return Buffer.concat([length === digestBytes || length === uuidBytes ? marks[1] : marks[0], bytes]);
}

/**
 * The text that was packed.
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
