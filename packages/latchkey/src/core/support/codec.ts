/**
 * Encodes values as bytes. The store holds results and steps as bytes; a leading tag distinguishes JSON from raw bytes.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';

/** Returns a Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Encodes the results of a function as bytes and decodes them. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const jsonTag = 0x6a;
const bytesTag = 0x62;
const undefinedTag = 0x75;

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 1);
  whole[0] = tag;
  whole.set(bytes, 1);
  return whole;
}

/**
 * Returns the JSON of a value, or undefined if it has none, as a function does.
 *
 * @throws LatchkeyError `value-invalid` if the value can't be turned into JSON (a cycle, a BigInt).
 */
export function stringify(value: unknown, replacer?: (name: string, value: unknown) => unknown): string | undefined {
  try {
    return JSON.stringify(value, replacer);
  } catch (cause) {
    throw new LatchkeyError('value-invalid', "The value can't be saved as JSON. Return plain data or bytes.", {
      cause,
    });
  }
}

/**
 * Encodes any JSON value, `undefined`, or a `Uint8Array`.
 *
 * @throws LatchkeyError `value-invalid` if the value can't be turned into JSON (a cycle, a BigInt).
 */
export function encodeValue(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return tagged(bytesTag, value);
  const text = stringify(value);
  return text === undefined ? Uint8Array.of(undefinedTag) : tagged(jsonTag, encoder.encode(text));
}

function unreadable(cause?: unknown): LatchkeyError {
  return new LatchkeyError('record-unreadable', "This version can't read the format of a saved value.", { cause });
}

/**
 * Decodes the output of {@link encodeValue}.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are something else.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const rest = bytes.subarray(1);
  // A store may return a Buffer or a view of a larger buffer: the caller gets a copy as a plain Uint8Array.
  if (bytes[0] === bytesTag) return new Uint8Array(rest);
  if (bytes[0] === undefinedTag) return undefined;
  if (bytes[0] !== jsonTag) throw unreadable();
  try {
    return JSON.parse(decoder.decode(rest));
  } catch (cause) {
    throw unreadable(cause);
  }
}
