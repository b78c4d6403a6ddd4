/**
 * Cursors of pages that are ordered by a time and an id.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { ListRequest } from '../../core/store.ts';
import { checkPageLimit, unknownCursor } from '../shared/paging.ts';
import { pack } from './packing.ts';

/** The cursor that goes on after this place. */
export function cursorAt(timeMs: number, id: string): string {
  return `${timeMs}.${pack(id).toString('hex')}`;
}

/**
 * The place that a page starts after.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function placeAfter(request: Pick<ListRequest, 'limit' | 'cursor'>): readonly [timeMs: number, id: Buffer] {
  checkPageLimit(request);
  if (request.cursor === undefined) return [-1, Buffer.alloc(0)];
  const [, timeMs, hex = ''] = /^(\d+)\.((?:[\da-f]{2})*)$/.exec(request.cursor) ?? [];
  if (!Number.isSafeInteger(Number(timeMs))) throw unknownCursor();
  return [Number(timeMs), Buffer.from(hex, 'hex')];
}
