/**
 * The refusal to guess what a stored value means.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';

/** The error for a row that this version didn't write. Nothing was changed in it. */
export function unreadable(what: string): LatchkeyError {
  return new LatchkeyError('record-unreadable', `The PostgreSQL store can't read what is stored: ${what}.`);
}
