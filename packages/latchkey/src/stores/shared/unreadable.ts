/**
 * Errors for values that a store cannot read.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';

/** Creates the error for a stored value that this version did not write. The value is not changed. */
export type Unreadable = (what: string, options?: { readonly cause?: unknown }) => LatchkeyError;

/** Creates these errors for a store; its name is used in messages. */
export function unreadableIn(store: string): Unreadable {
  return (what, options = {}) =>
    new LatchkeyError('record-unreadable', `The ${store} store can't read what is stored: ${what}.`, options);
}

/**
 * Refuses a client that returns values in other forms than the store reads, before the first handler runs.
 *
 * @param isReadable - reads a row with one value of each type.
 * @throws LatchkeyError `option-invalid`.
 */
export function assertReadable(message: string, isReadable: () => boolean): void {
  let cause: unknown;
  try {
    if (isReadable()) return;
    cause = new TypeError('A value of the probe row differs from the requested one.');
  } catch (error) {
    cause = error;
  }
  throw new LatchkeyError('option-invalid', message, { cause });
}
