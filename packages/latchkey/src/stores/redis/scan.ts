/**
 * Scans all keys with a prefix on every master, and lists pages of records in one state.
 *
 * @module
 */

import type { ListRequest, RecordPage, StoredRecord } from '../../core/store.ts';
import { digestParts } from '../../core/support/digest.ts';
import { checkPageLimit, unknownCursor } from '../shared/paging.ts';
import type { Node, Wire } from './clients/wire.ts';
import { unreadable } from './errors.ts';

/** Number of keys that the server checks for one batch. */
const keysPerBatch = 100;

const markLength = 10;

const finished = '0';

/** The position of a scan: the master, and the server's cursor of the next batch. */
export interface ScanPlace {
  readonly node: number;
  readonly cursor: string;
}

/** The ids found at a position. */
export interface ScanBatch {
  readonly place: ScanPlace;
  readonly ids: readonly string[];
}

/** The position before the first batch. */
export const scanStart: ScanPlace = { node: 0, cursor: finished };

/**
 * All batches from `from` on. A record that exists during the whole scan is found; some may be found twice (the
 * guarantees of SCAN).
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

/** The position as text, with the marks of the ids of its batch that are done. */
function writeCursor(place: ScanPlace, done: Iterable<string>): string {
  return [place.node, place.cursor, ...done].join('.');
}

/**
 * Parses the text of {@link writeCursor}.
 *
 * @throws LatchkeyError `option-invalid`.
 */
function readScanCursor(cursor: string | undefined): { place: ScanPlace; done: readonly string[] } {
  if (cursor === undefined) return { place: scanStart, done: [] };
  if (!/^\d{1,6}\.\d{1,20}(\.[\w-]+)*$/.test(cursor)) throw unknownCursor();
  const [node, place = finished, ...done] = cursor.split('.');
  return { place: { node: Number(node), cursor: place }, done };
}

/** A short digest of an id, which keeps cursors short. */
function markOf(id: string): string {
  return digestParts(id).slice(0, markLength);
}

/** The parts of {@link listPage}; `look` reads a record if it is in the requested state. */
export interface ListParts {
  readonly wire: Wire;
  readonly prefix: string;
  readonly look: (id: string) => Promise<StoredRecord | undefined>;
}

/**
 * One page. It continues within the batch where the previous page ended: that batch is fetched again, without the ids
 * that the cursor marks as done. So no record is lost or listed twice if the server's table grows meanwhile.
 */
export async function listPage(parts: ListParts, request: ListRequest): Promise<RecordPage> {
  checkPageLimit(request);
  const { mostRead = Number.POSITIVE_INFINITY } = request;
  const start = readScanCursor(request.cursor);
  const page = new Map<string, StoredRecord>();
  let done = new Set(start.done);
  let read = 0;
  for await (const { place, ids } of scan(parts.wire, parts.prefix, start.place)) {
    if (read >= mostRead) return { records: [...page.values()], next: writeCursor(place, done) };
    read += ids.length;
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
