/**
 * What the memory store keeps beside a record: its place in line, and what it takes of the budget.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ClaimRequest, StoredResult } from '../../core/store.ts';
import { newEntry } from '../record/claim-entry.ts';
import type { Entry, EntryRequest } from '../record/entry.ts';

/** A record in memory. */
export interface MemoryEntry extends Entry {
  /** Counts up with every record that is created, so that a list has an order. */
  readonly sequence: number;
  /** About how much memory it takes. */
  bytes: number;
  /** What of that its request takes. */
  requestBytes: number;
}

/** What an empty record takes: the object, its place in the map, and the heads of its strings. */
const emptyEntryBytes = 600;

/** What each saved result, step or request takes beside its bytes. */
const itemBytes = 100;

/** The record that a claim creates; its request is a copy. */
export function newMemoryEntry(request: ClaimRequest, nowMs: number, sequence: number): MemoryEntry {
  const ofRequest = requestBytes(request.request);
  return {
    ...newEntry(request, nowMs),
    request: request.request === undefined ? 'none' : new Uint8Array(request.request),
    sequence,
    bytes: entryBytes(request) + ofRequest,
    requestBytes: ofRequest,
  };
}

/** What a record takes when it is created. */
function entryBytes(request: ClaimRequest): number {
  const { id, principal, operation, operationId, fingerprint, token } = request;
  const text = id.length + principal.length + operation.length + operationId.length + fingerprint.length + token.length;
  return emptyEntryBytes + text;
}

/** What a saved request takes. */
export function requestBytes(request: EntryRequest | undefined): number {
  return request instanceof Uint8Array ? itemBytes + request.byteLength : 0;
}

/** What a saved result takes. */
export function resultBytes(bytes: number): number {
  return itemBytes + bytes;
}

/** What a saved step takes. */
export function stepBytes(name: string, value: Uint8Array): number {
  return itemBytes + 2 * name.length + value.byteLength;
}

/**
 * A result in memory: a string of one byte a character. Such a string lies on the heap in one piece, can't be changed by
 * a caller that was given its bytes, and is made several times faster than an ArrayBuffer. Each reading of `bytes` is a new
 * copy.
 */
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
