/**
 * The stored form of a plain function's result: a value, or the failure that it threw.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { decodeValue, encodeValue } from '../core/support/codec.ts';

const successTag = 0x73;
const failureTag = 0x66;

/** The stored part of an error, without its stack. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

function withTag(tag: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 1);
  whole[0] = tag;
  whole.set(bytes, 1);
  return whole;
}

/** Marks encoded bytes as a value. */
export function encodeSuccess(bytes: Uint8Array): Uint8Array {
  return withTag(successTag, bytes);
}

/** The bytes after the mark. */
export function successBytes(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== successTag) {
    throw new LatchkeyError('record-unreadable', "This version can't read the format of a stored result.");
  }
  return bytes.subarray(1);
}

/** True if the result is a failure. */
export function isFailure(bytes: Uint8Array): boolean {
  return bytes[0] === failureTag;
}

/** Encodes name, message and code of an error. */
export function encodeFailure(error: unknown): Uint8Array {
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return withTag(failureTag, encodeValue({ name, message, code } satisfies { [K in keyof Failure]: unknown }));
}

/** The error that a replay of a failure throws; its cause describes the first failure. */
export function decodeFailure(operation: string, bytes: Uint8Array): LatchkeyError {
  const failure = decodeValue(bytes.subarray(1)) as Failure;
  const cause = Object.assign(
    new Error(failure.message),
    { name: failure.name },
    failure.code ? { code: failure.code } : {},
  );
  return new LatchkeyError('operation-failed', `${operation} has already failed for this key: ${failure.message}`, {
    cause,
  });
}
