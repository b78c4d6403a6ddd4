/**
 * Pages of records, in the order of their expiry.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type * as contract from '../../core/store.ts';
import { type Phase, toStoredRecord } from '../entry.ts';
import { checkPageLimit, unknownCursor } from '../paging.ts';
import { pack } from './packing.ts';
import { entryOf, numberIn } from './row.ts';
import type { Session } from './session.ts';

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
  const [expires, id] = afterOf(request);
  const rows = await session.run('list', [...stored[request.state], expires, id, request.limit + 1]);
  const records = rows.slice(0, request.limit).map((row) => toStoredRecord(entryOf(row), numberIn(row, 'now')));
  const last = records.at(-1);
  return rows.length <= request.limit || last === undefined ? { records } : { records, next: cursorOf(last) };
}

function cursorOf({ expiresAtMs, id }: contract.StoredRecord): string {
  return `${expiresAtMs}.${pack(id).toString('hex')}`;
}

function afterOf(request: contract.ListRequest): readonly [expires: number, id: Buffer] {
  checkPageLimit(request);
  if (request.cursor === undefined) return [-1, Buffer.alloc(0)];
  const [, expires, hex = ''] = /^(\d+)\.((?:[\da-f]{2})*)$/.exec(request.cursor) ?? [];
  if (!Number.isSafeInteger(Number(expires))) throw unknownCursor();
  return [Number(expires), Buffer.from(hex, 'hex')];
}
