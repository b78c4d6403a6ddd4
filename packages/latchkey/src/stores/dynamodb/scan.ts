/**
 * Operations that scan the whole table: listing, erasing and sweeping.
 *
 * There is no index: one by state would put all running records into one partition, and one by principal would make
 * every first request 50 % more expensive, for calls that are rare.
 *
 * @module
 */

import type { ListRequest, RecordState } from '../../core/store.ts';
import { isExpired, type Phase, stateOf } from '../record/entry.ts';
import { checkPageLimit, unknownCursor } from '../shared/paging.ts';
import { number, text, textIn } from './attributes.ts';
import type { FoundItem } from './client.ts';
import type { Instant } from './clock.ts';
import type { Records } from './records.ts';
import { decodeRecord, type Head } from './row.ts';
import { known, knownFormats, unchanged } from './statements.ts';
import type { Guard } from './table.ts';

/** Number of pages, of 1 MB each, that one sweep scans. */
const sweptPages = 20;

const phases: Readonly<Record<RecordState, Phase>> = {
  running: 'held',
  lapsed: 'held',
  open: 'open',
  completed: 'completed',
};

/** A page of live records in one state, in the order of the table; with `mostRead`, of at most 1 MB of the table. */
export async function listRecords(records: Records, request: ListRequest, at: Instant) {
  checkPageLimit(request);
  const from = request.cursor === undefined ? undefined : readCursor(request.cursor, records);
  const filter = recordFilter(records, '#ph = :ph AND #ex > :now', {
    ':ph': text(phases[request.state]),
    ':now': number(at.nowMs),
  });
  const found: Head[] = [];
  for await (const { items, next } of records.table.scan(filter, from)) {
    const heads = items.map((item) => headOf(records, item));
    found.push(...heads.filter(({ entry }) => stateOf(entry, at.nowMs) === request.state));
    if (found.length > request.limit) break;
    if (request.mostRead !== undefined && next !== undefined)
      return { heads: found, next: cursorAt(textIn(next, 'pk')) };
  }
  const heads = found.slice(0, request.limit);
  const last = heads.at(-1);
  return { heads, ...(found.length > request.limit && last !== undefined && { next: cursorAfter(last) }) };
}

/** Removes all records of a principal; returns how many of them were live. */
export async function eraseRecords(records: Records, principal: string, at: Instant): Promise<number> {
  const filter = recordFilter(records, '#pr = :pr', { ':pr': text(principal) });
  let erased = 0;
  for await (const { items } of records.table.scan(filter)) {
    for (const item of items) {
      const head = headOf(records, item);
      await records.table.remove(textIn(item, 'pk'));
      await records.removeParts(head);
      if (!isExpired(head.entry, at.nowMs)) erased += 1;
    }
  }
  return erased;
}

/** Removes up to `limit` expired records found after the key `from`. */
export async function sweepRecords(records: Records, limit: number, from: string | undefined, at: Instant) {
  const filter = recordFilter(records, '#ex <= :now', { ':now': number(at.nowMs) });
  const swept = { count: 0, resumeAfter: from };
  let pages = 0;
  for await (const { items, next } of records.table.scan(filter, from)) {
    for (const item of items) {
      if (swept.count >= limit) return swept;
      if (await removeExpired(records, item)) swept.count += 1;
      swept.resumeAfter = textIn(item, 'pk');
    }
    swept.resumeAfter = next && textIn(next, 'pk');
    pages += 1;
    if (pages >= sweptPages) return swept;
  }
  return swept;
}

async function removeExpired(records: Records, item: FoundItem): Promise<boolean> {
  const head = headOf(records, item);
  // The record may have been claimed again since.
  const refused = await records.table.removeIf(textIn(item, 'pk'), unchanged(head));
  if (refused !== undefined) return false;
  await records.removeParts(head);
  return true;
}

function recordFilter({ table }: Records, condition: string, values: Guard['values']): Guard {
  return {
    condition: `begins_with(#pk, :prefix) AND ${known} AND ${condition}`,
    values: { ':prefix': text(table.recordPrefix), ...knownFormats, ...values },
  };
}

function headOf({ table }: Records, item: FoundItem): Head {
  return decodeRecord(textIn(item, 'pk').slice(table.recordPrefix.length), item);
}

function cursorAfter({ entry }: Head): string {
  return `after:${encodeURIComponent(entry.id)}`;
}

/** The end of a page of the table, whose last item need not be a record. */
function cursorAt(key: string): string {
  return `at:${encodeURIComponent(key)}`;
}

/** Returns the key after which the scan goes on. */
function readCursor(cursor: string, { table }: Records): string {
  const [kind, rest = ''] = cursor.split(':');
  if (kind === 'after') return table.recordKey(decodeURIComponent(rest));
  if (kind === 'at') return decodeURIComponent(rest);
  throw unknownCursor();
}
