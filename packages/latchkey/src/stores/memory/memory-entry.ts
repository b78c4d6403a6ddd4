/**
 * The data that the memory store keeps with a record: its position in the order, and its share of the memory limit.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ClaimRequest, StoredResult } from '../../core/store.ts';
import { newEntry } from '../record/claim-entry.ts';
import type { Entry, EntryRequest } from '../record/entry.ts';

/** A record in memory. */
export interface MemoryEntry extends Entry {
  /** Increases with every created record, which gives lists an order. */
  readonly sequence: number;
  /** Approximate memory use of the record in bytes. */
  bytes: number;
  /** The part of it that the request uses. */
  requestBytes: number;
}

/** Memory use of an empty record: the object, its map entry, and the headers of its strings. */
const emptyEntryBytes = 600;

/** Overhead of each saved result, step or request. */
const itemBytes = 100;

/** Returns the record that a claim creates; its request is a copy. */
export function newMemoryEntry(request: ClaimRequest, nowMs: number, sequence: number): MemoryEntry {
  const ofRequest = requestBytes(request.request);
  // Adding members to the new object costs a third of spreading it into another one.
  const entry: Entry & { -readonly [Name in keyof MemoryEntry]?: MemoryEntry[Name] } = newEntry(request, nowMs);
  if (request.request !== undefined) entry.request = new Uint8Array(request.request);
  entry.sequence = sequence;
  entry.bytes = entryBytes(request) + ofRequest;
  entry.requestBytes = ofRequest;
  return entry as MemoryEntry;
}

/** Memory use of a new record. */
function entryBytes(request: ClaimRequest): number {
  const { id, principal, operation, operationId, fingerprint, token } = request;
  const text = id.length + principal.length + operation.length + operationId.length + fingerprint.length + token.length;
  return emptyEntryBytes + text;
}

/** Memory use of a saved request. */
export function requestBytes(request: EntryRequest | undefined): number {
  return request instanceof Uint8Array ? itemBytes + request.byteLength : 0;
}

/** Memory use of a saved result. */
export function resultBytes(bytes: number): number {
  return itemBytes + bytes;
}

/** Memory use of a saved step. */
export function stepBytes(name: string, value: Uint8Array): number {
  return itemBytes + 2 * name.length + value.byteLength;
}

/**
 * A result in memory, as a string with one byte per character. Such a string is one block on the heap, can't be changed
 * by a caller that has its bytes, and is created several times faster than an ArrayBuffer. Each read of `bytes` returns
 * a new copy.
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
