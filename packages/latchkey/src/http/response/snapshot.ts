/**
 * A response as the bytes of a record, and back.
 *
 * The frame's head holds the status, a number of flags and the headers' names and values in turn. The tombstone of a
 * response is its snapshot without the body.
 *
 * @module
 */

import type { FinalWrite } from '../../core/context.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';
import { keptHeaders } from './kept-headers.ts';

/** What a record keeps of a response. */
export interface Snapshot {
  readonly status: number;
  readonly headers: Header[];
  readonly body: Uint8Array;
  /** True if the content coding was sent to a client that had not asked for it, so that it belongs to the content. */
  readonly fixedCoding: boolean;
}

const FORMAT: FrameFormat = { what: 'response', version: 1 };
const FIXED_CODING = 1;

/**
 * What to store of a response, without the headers that a record doesn't keep: all of it, or its tombstone if its body is
 * longer than the limit.
 */
export function encodeResponse(
  { status, headers, body }: Pick<PlainResponse, 'status' | 'headers' | 'body'>,
  limitBytes: number,
  fixedCoding = false,
): FinalWrite {
  const head: (number | string)[] = [status, fixedCoding ? FIXED_CODING : 0];
  for (const [name, value] of keptHeaders(headers)) head.push(name, value);
  const { whole, withoutBody } = frame(FORMAT, head, body);
  const fits = body.length <= limitBytes;
  return {
    result: fits ? { kind: 'value', bytes: whole } : { kind: 'tombstone', bytes: withoutBody },
    tombstone: withoutBody,
  };
}

/**
 * Decodes a snapshot or a tombstone. The body shares the record's memory.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are malformed or of a newer version. The operation has run:
 * this must never lead to running it again.
 */
export function decodeResponse(bytes: Uint8Array): Snapshot {
  const { head, body } = unframe(FORMAT, bytes);
  const status = head[0];
  const flags = head[1];
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 999;
  if (!isStatus || typeof flags !== 'number') throw unreadable(FORMAT, 'its head is malformed');
  return { status, headers: headersIn(FORMAT, head, 2), body, fixedCoding: (flags & FIXED_CODING) !== 0 };
}
