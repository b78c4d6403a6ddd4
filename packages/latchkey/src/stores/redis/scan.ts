/**
 * All keys under a prefix, on every master, in batches; a place among them that can be written down; and pages of
 * records in one state.
 *
 * @module
 */

import type { ListRequest, RecordPage, StoredRecord } from '../../core/store.ts';
import { digestParts } from '../../core/support/digest.ts';
import { checkPageLimit, unknownCursor } from '../shared/paging.ts';
import type { Node, Wire } from './clients/wire.ts';
import { unreadable } from './errors.ts';

/** How many keys the server looks at for one batch. */
const keysPerBatch = 100;

const markLength = 10;

const finished = '0';

/** Where a scan stands: which master, and the server's own cursor there, of the batch to fetch. */
export interface ScanPlace {
  readonly node: number;
  readonly cursor: string;
}

/** Ids that were found at a place. */
export interface ScanBatch {
  readonly place: ScanPlace;
  readonly ids: readonly string[];
}

/** Before the first batch. */
export const scanStart: ScanPlace = { node: 0, cursor: finished };

/**
 * Batch after batch from `from` on. A record that is there all the time is found, whatever comes and goes meanwhile;
 * some may be found twice (the guarantees of SCAN).
 */
export async function* scan(wire: Wire, prefix: string, from: ScanPlace): AsyncGenerator<ScanBatch, void, void> {
  const nodes = await wire.nodes();
  for (let index = from.node, { cursor } = from; index < nodes.length; index += 1, cursor = finished) {
    const node = nodes[index];
    for (let next: string | undefined = cursor; node !== undefined && next !== undefined; ) {
      const place: ScanPlace = { node: index, cursor: next };
      const reply = await scanOnce(node, prefix, next);
      yield { place, ids: reply.ids };
      next = reply.next === finished ? undefined : reply.next;
    }
  }
}

async function scanOnce(node: Node, prefix: string, cursor: string) {
  const pattern = `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
  const reply = await node.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(keysPerBatch));
  const [next, keys]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (!Array.isArray(keys)) throw unreadable('SCAN returned an unexpected reply');
  return { next: String(next), ids: keys.map((key) => String(key).slice(prefix.length)) };
}

/** The place as text, with the marks of what is done of its batch. */
function writeCursor(place: ScanPlace, done: Iterable<string>): string {
  return [place.node, place.cursor, ...done].join('.');
}

/**
 * What {@link writeCursor} wrote.
 *
 * @throws LatchkeyError `option-invalid`.
 */
function readScanCursor(cursor: string | undefined): { place: ScanPlace; done: readonly string[] } {
  if (cursor === undefined) return { place: scanStart, done: [] };
  if (!/^\d{1,6}\.\d{1,20}(\.[\w-]+)*$/.test(cursor)) throw unknownCursor();
  const [node, place = finished, ...done] = cursor.split('.');
  return { place: { node: Number(node), cursor: place }, done };
}

/** Stands for an id in a cursor, so that this stays short. */
function markOf(id: string): string {
  return digestParts(id).slice(0, markLength);
}

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
