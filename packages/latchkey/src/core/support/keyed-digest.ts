/**
 * HMAC-SHA-256 (RFC 2104) out of one-shot digests: a tenth of the cost of an Hmac object for a short text.
 *
 * @module
 */

import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;

/** Makes the digest of a text under one secret, as base64url. */
export type KeyedDigest = (text: string) => string;

function pad(secret: Uint8Array, byte: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, byte);
  for (const [index, value] of secret.entries()) block[index] = value ^ byte;
  return block;
}

/**
 * The HMAC-SHA-256 of UTF-8 texts under a secret.
 *
 * @example
 * ```ts
 * keyedDigest('a secret of at least 32 bytes ......')('text')
 * ```
 */
export function keyedDigest(secret: string | Uint8Array): KeyedDigest {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret;
  const key = bytes.length > BLOCK_BYTES ? hash('sha256', bytes, 'buffer') : bytes;
  const inner = pad(key, 0x36);
  const outer = pad(key, 0x5c);
  return (text) => {
    const digest = hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer');
    return hash('sha256', Buffer.concat([outer, digest]), 'base64url');
  };
}
