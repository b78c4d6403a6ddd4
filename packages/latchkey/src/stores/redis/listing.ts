/**
 * Pages of records in one state.
 *
 * @module
 */

import type { ListRequest, RecordPage, StoredRecord } from '../../core/store.ts';
import { checkPageLimit } from '../shared/paging.ts';
import type { Wire } from './clients/wire.ts';
import { markOf, readScanCursor, scan, writeCursor } from './scan.ts';

/** What {@link listPage} works with; `look` reads a record if it is in the state that is asked for. */
export interface ListParts {
  readonly wire: Wire;
  readonly prefix: string;
  readonly look: (id: string) => Promise<StoredRecord | undefined>;
}

/**
 * One page. It goes on in the middle of the batch where the page before ended: that batch is fetched again, and what
 * the cursor marks as done is left out. So nothing is lost or doubled when the server's table grows meanwhile.
 */
export async function listPage(parts: ListParts, request: ListRequest): Promise<RecordPage> {
  checkPageLimit(request);
  const start = readScanCursor(request.cursor);
  const page = new Map<string, StoredRecord>();
  let done = new Set(start.done);
  for await (const { place, ids } of scan(parts.wire, parts.prefix, start.place)) {
    const found = await Promise.all(ids.filter((id) => !page.has(id)).map(parts.look));
    for (const record of found) {
      if (record === undefined || done.has(markOf(record.id))) continue;
      if (page.size === request.limit) return { records: [...page.values()], next: writeCursor(place, done) };
      page.set(record.id, record);
      done.add(markOf(record.id));
    }
    done = new Set();
  }
  return { records: [...page.values()] };
}
