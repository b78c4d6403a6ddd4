/**
 * Digests and UUIDs as bytes: half of a record's overhead is such text. Any other text is stored as it is, and the
 * type of the stored value tells which it was.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { unreadable } from './unreadable.ts';

/** SHA-256 as base64url: the last character carries four bits, so only 16 of them give the same text back. */
const digest = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

const digestBytes = 32;
const uuidBytes = 16;

/** The stored form of an id or a principal. */
export function packDigest(text: string): string | Uint8Array {
  return digest.test(text) ? Buffer.from(text, 'base64url') : text;
}

/** The stored form of a token or an operation id. */
export function packUuid(text: string): string | Uint8Array {
  return uuid.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : text;
}

/** The text that was packed by either. */
export function unpack(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) throw unreadable('a name is neither text nor bytes');
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.byteLength === digestBytes) return bytes.toString('base64url');
  if (bytes.byteLength !== uuidBytes) throw unreadable('a name has the wrong length');
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
