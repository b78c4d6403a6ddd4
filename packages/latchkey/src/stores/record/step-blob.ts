/**
 * Encodes saved steps as one blob: for each step, the length of its name, the name in UTF-8, the length of its value,
 * and the value. Lengths are four bytes, big-endian.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Unreadable } from '../shared/unreadable.ts';

const lengthBytes = 4;

/** Returns the blob; null if there are no steps. */
export function encodeSteps(steps: ReadonlyMap<string, Uint8Array> | undefined): Uint8Array | null {
  if (steps === undefined) return null;
  const parts: Uint8Array[] = [];
  for (const [name, value] of steps) for (const part of [Buffer.from(name), value]) parts.push(lengthOf(part), part);
  return Buffer.concat(parts);
}

/** Returns the steps in a blob, in the order in which they were saved; of two with the same name, the first counts. */
export function decodeSteps(blob: unknown, unreadable: Unreadable): Map<string, Uint8Array> | undefined {
  if (blob === null) return undefined;
  if (!(blob instanceof Uint8Array)) throw unreadable('the steps must be a blob');
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const steps = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.byteLength; ) {
    const name = partAt(bytes, at, unreadable);
    const value = partAt(bytes, at + lengthBytes + name.byteLength, unreadable);
    if (!steps.has(name.toString())) steps.set(name.toString(), Uint8Array.from(value));
    at += 2 * lengthBytes + name.byteLength + value.byteLength;
  }
  return steps;
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(part.byteLength);
  return length;
}

function partAt(bytes: Buffer, at: number, unreadable: Unreadable): Buffer {
  const start = at + lengthBytes;
  const end = start <= bytes.byteLength ? start + bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY;
  if (end > bytes.byteLength) throw unreadable('the steps are cut short');
  return bytes.subarray(start, end);
}
