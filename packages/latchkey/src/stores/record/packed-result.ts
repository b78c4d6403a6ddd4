/**
 * How a result is held in memory: as a string of one byte a character. Such a string lies on the heap in one
 * piece, can't be changed by whoever is given its bytes, and is made several times faster than an ArrayBuffer.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { StoredResult } from '../../core/store.ts';

/** A result in memory. Every reading of `bytes` is a new copy. */
export class PackedResult implements StoredResult {
  readonly kind: StoredResult['kind'];
  readonly #text: string;

  constructor(result: StoredResult) {
    const { buffer, byteOffset, byteLength } = result.bytes;
    this.kind = result.kind;
    this.#text = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.#text, 'latin1');
  }

  get byteLength(): number {
    return this.#text.length;
  }
}

/** A copy for the caller, read once. */
export function unpacked(result: StoredResult): StoredResult {
  return { kind: result.kind, bytes: result.bytes };
}
