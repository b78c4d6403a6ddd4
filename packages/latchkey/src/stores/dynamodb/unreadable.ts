/**
 * The refusal to guess what a stored item means.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';

/** The error for an item that this version didn't write. Nothing was changed in it. */
export function unreadable(what: string): LatchkeyError {
  return new LatchkeyError('record-unreadable', `The DynamoDB store can't read what is stored: ${what}.`);
}
