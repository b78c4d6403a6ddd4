/**
 * Checks the parameters of `list`.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkOption } from '../../core/options/read-options.ts';
import { integer } from '../../core/options/rules.ts';
import type { ListRequest } from '../../core/store.ts';

/** The checked parameters of a page of records or messages. */
type PageRequest = Pick<ListRequest, 'limit' | 'cursor'>;

const pageLimit = integer({ min: 1, max: 1000 });

/**
 * Refuses a page size outside 1 to 1,000.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkPageLimit(request: PageRequest): void {
  checkOption('list', 'limit', request.limit, pageLimit);
}

/** The error for a cursor that is not from an earlier page. */
export function unknownCursor(): LatchkeyError {
  return new LatchkeyError('option-invalid', 'list: cursor must be the "next" of an earlier page.');
}

/**
 * The integers in a cursor; -1 each for the first page.
 *
 * @throws LatchkeyError `option-invalid` if the cursor is not from an earlier page, or if the limit is not from 1 to 1,000.
 */
export function readCursor(request: PageRequest, length: number): readonly number[] {
  checkPageLimit(request);
  if (request.cursor === undefined) return Array<number>(length).fill(-1);
  const numbers = request.cursor.split('.').map(Number);
  if (numbers.length === length && numbers.every(Number.isSafeInteger)) return numbers;
  throw unknownCursor();
}
