/**
 * Pages of records, in the order of their expiry.
 *
 * @module
 */

import type * as contract from '../../core/store.ts';
import { type Phase, toStoredRecord } from '../record/entry.ts';
import type { Session } from './connection.ts';
import { cursorAt, placeAfter } from './cursor.ts';
import { entryOf, numberIn } from './row.ts';

const stored: Readonly<Record<contract.RecordState, readonly [phase: Phase, lapsed: boolean | null]>> = {
  running: ['held', false],
  lapsed: ['held', true],
  open: ['open', null],
  completed: ['completed', null],
};

/**
 * See `Store.list`.
 *
 * @throws LatchkeyError `option-invalid`, and what the session throws.
 */
export async function listRecords<Tx>(
  session: Session<Tx>,
  request: contract.ListRequest,
): Promise<contract.RecordPage> {
  const [expires, id] = placeAfter(request);
  const rows = await session.run('list', [...stored[request.state], expires, id, request.limit + 1]);
  const records = rows.slice(0, request.limit).map((row) => toStoredRecord(entryOf(row), numberIn(row, 'now')));
  const last = records.at(-1);
  return rows.length <= request.limit || last === undefined
    ? { records }
    : { records, next: cursorAt(last.expiresAtMs, last.id) };
}
