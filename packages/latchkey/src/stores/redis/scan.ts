/**
 * All keys under a prefix, on every master, in batches; and a place among them that can be written down.
 *
 * @module
 */

import { digestParts } from '../../core/support/digest.ts';
import { unknownCursor } from '../shared/paging.ts';
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
export function writeCursor(place: ScanPlace, done: Iterable<string>): string {
  return [place.node, place.cursor, ...done].join('.');
}

/**
 * What {@link writeCursor} wrote.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function readScanCursor(cursor: string | undefined): { place: ScanPlace; done: readonly string[] } {
  if (cursor === undefined) return { place: scanStart, done: [] };
  if (!/^\d{1,6}\.\d{1,20}(\.[\w-]+)*$/.test(cursor)) throw unknownCursor();
  const [node, place = finished, ...done] = cursor.split('.');
  return { place: { node: Number(node), cursor: place }, done };
}

/** Stands for an id in a cursor, so that this stays short. */
export function markOf(id: string): string {
  return digestParts(id).slice(0, markLength);
}
