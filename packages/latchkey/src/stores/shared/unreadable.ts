/**
 * The refusal to guess what a stored value means.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';

/** Makes the error for a stored value that this version didn't write. Nothing was changed in it. */
export type Unreadable = (what: string, options?: { readonly cause?: unknown }) => LatchkeyError;

/** The errors of the store that has this name in messages. */
export function unreadableIn(store: string): Unreadable {
  return (what, options = {}) =>
    new LatchkeyError('record-unreadable', `The ${store} store can't read what is stored: ${what}.`, options);
}
