/**
 * Decodes content codings (RFC 9110 §8.4.1) up to a size limit.
 *
 * @module
 */

import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

type Decode = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const gunzip: Decode = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(zlib.gunzip);
const inflate: Decode = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(zlib.inflate);
const brotli: Decode = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(zlib.brotliDecompress);

const decoders = new Map<string, Decode>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', brotli],
]);
// Node has it from 22.15 on; a runtime without it leaves zstd bytes as they are.
if (typeof zlib.zstdDecompress === 'function') {
  decoders.set('zstd', promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(zlib.zstdDecompress));
}

/** A body with more codings than this is left as it is. */
const MAX_CODINGS = 3;

/** The result of decoding a body. */
export type Decoding =
  | { readonly kind: 'decoded'; readonly bytes: Uint8Array }
  /** The decoded body would be longer than the limit. */
  | { readonly kind: 'too-large' }
  /** A coding is unknown, or the bytes are not valid for it. */
  | { readonly kind: 'undecodable' };

function isOverLimit(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** Undoes codings, last one first. No step writes more than `limitBytes`, so a decompression bomb can't fill memory. */
export async function decodeContent(
  bytes: Uint8Array,
  codings: readonly string[],
  limitBytes: number,
): Promise<Decoding> {
  if (codings.length > MAX_CODINGS) return { kind: 'undecodable' };
  let decoded = bytes;
  for (const coding of codings.toReversed()) {
    const decode = decoders.get(coding);
    if (decode === undefined) return { kind: 'undecodable' };
    try {
      decoded = await decode(decoded, { maxOutputLength: Math.max(limitBytes, 1) });
    } catch (error) {
      return { kind: isOverLimit(error) ? 'too-large' : 'undecodable' };
    }
  }
  return { kind: 'decoded', bytes: decoded };
}
