/**
 * Digests of length-prefixed parts, so that no choice of parts collides with another.
 *
 * @module
 */

import { hash } from 'node:crypto';

/** Joins parts so that `['a', 'bc']` and `['ab', 'c']` differ. Lengths count UTF-16 units. */
export function joinParts(parts: readonly string[]): string {
  let joined = '';
  for (const part of parts) joined += `${part.length}:${part}`;
  return joined;
}

/** SHA-256 of the joined parts, as 43 characters of base64url. Lone surrogates count as U+FFFD. */
export function digestParts(...parts: string[]): string {
  return hash('sha256', joinParts(parts), 'base64url');
}

/**
 * The id of the record for `key` in a scope. The principal stands for whom the request acts; its digest is
 * stored beside the record, so that all of a principal's records can be erased.
 *
 * @example
 * ```ts
 * recordId('acct_1', ['POST', '/v1/charges'], '4fa282fe-6f26-4f33-8a32-447c6d8a1953')
 * ```
 */
export function recordId(principal: string, operation: readonly string[], key: string): string {
  return digestParts('record', principal, ...operation, key);
}

/** The stored form of a principal. */
export function principalDigest(principal: string): string {
  return digestParts('principal', principal);
}

/** The key that a step sends downstream: a UUID (version 8) derived from the operation id, stable across attempts. */
export function derivedKey(operationId: string, name: string): string {
  const hex = hash('sha256', joinParts(['step', operationId, name]), 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Crockford's: no letter that looks like a digit. */
const base32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const referenceLength = 12;

/**
 * The public reference of a record: 12 characters that a client may see and read out, and by which an operator finds the
 * record. It is a digest of the record's id, which it doesn't disclose.
 *
 * @example
 * ```ts
 * recordReference(recordId('acct_1', ['POST', '/v1/charges'], key)) // '4T0V9M2KXQ7H'
 * ```
 */
export function recordReference(id: string): string {
  let reference = '';
  for (const byte of hash('sha256', joinParts(['reference', id]), 'buffer').subarray(0, referenceLength)) {
    reference += base32.charAt(byte % base32.length);
  }
  return reference;
}
