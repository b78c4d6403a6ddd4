/**
 * Values as bytes. Results and steps are bytes in the store; a leading tag distinguishes JSON from raw bytes.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';

/** The same bytes, in the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Turns the results of a function into bytes and back. */
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
 * The JSON of a value; undefined for what has none, such as a function.
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
 * Decodes what {@link encodeValue} made.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are something else.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const rest = bytes.subarray(1);
  // A store may hand out a view of a larger buffer, or a Buffer: the caller gets plain bytes of its own.
  if (bytes[0] === bytesTag) return new Uint8Array(rest);
  if (bytes[0] === undefinedTag) return undefined;
  if (bytes[0] !== jsonTag) throw unreadable();
  try {
    return JSON.parse(decoder.decode(rest));
  } catch (cause) {
    throw unreadable(cause);
  }
}
