/**
 * Checks of what `list` is asked for.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkOption } from '../../core/options/read-options.ts';
import { integer } from '../../core/options/rules.ts';
import type { ListRequest } from '../../core/store.ts';

/** What of a request for a page is checked here, be it of records or of messages. */
type PageRequest = Pick<ListRequest, 'limit' | 'cursor'>;

const pageLimit = integer({ min: 1, max: 1000 });

/**
 * Refuses a page of another size than 1 to 1000.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkPageLimit(request: PageRequest): void {
  checkOption('list', 'limit', request.limit, pageLimit);
}

/** The refusal of a cursor that no page gave out. */
export function unknownCursor(): LatchkeyError {
  return new LatchkeyError('option-invalid', 'list: cursor must be the "next" of an earlier page.');
}

/**
 * The whole numbers that a cursor is made of; the lowest ones for the first page.
 *
 * @throws LatchkeyError `option-invalid` if no page gave out this cursor, or if the limit is not from 1 to 1000.
 */
export function readCursor(request: PageRequest, length: number): readonly number[] {
  checkPageLimit(request);
  if (request.cursor === undefined) return Array<number>(length).fill(-1);
  const numbers = request.cursor.split('.').map(Number);
  if (numbers.length === length && numbers.every(Number.isSafeInteger)) return numbers;
  throw unknownCursor();
}
