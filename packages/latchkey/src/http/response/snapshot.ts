/**
 * A response as the bytes of a record, and back.
 *
 * The frame's head holds the status, a number of flags and the headers' names and values in turn. The tombstone of a
 * response is its snapshot without the body.
 *
 * @module
 */

import type { FinalWrite } from '../../core/context.ts';
import type { Header } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';
import { keptHeaders } from './kept-headers.ts';

/** What a record keeps of a response. */
export interface Snapshot {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** True if the content coding was sent to a client that had not asked for it, so that it belongs to the content. */
  readonly fixedCoding: boolean;
}

/** Both forms in which a store may keep a response. */
export interface EncodedResponse {
  readonly snapshot: Uint8Array;
  readonly tombstone: Uint8Array;
}

const FORMAT: FrameFormat = { what: 'response', version: 1 };
const FIXED_CODING = 1;

/** Encodes a response; the headers that a record doesn't keep are left out here. */
export function encodeResponse(response: Omit<Snapshot, 'fixedCoding'>, fixedCoding = false): EncodedResponse {
  const { status, headers, body } = response;
  const head: (number | string)[] = [status, fixedCoding ? FIXED_CODING : 0];
  for (const header of keptHeaders(headers)) head.push(header[0], header[1]);
  const { whole, withoutBody } = frame(FORMAT, head, body);
  return { snapshot: whole, tombstone: withoutBody };
}

/** What to store of a whole response: all of it, or its tombstone if its body is longer than the limit. */
export function finalWrite({ snapshot, tombstone }: EncodedResponse, limitBytes: number): FinalWrite {
  const fits = snapshot.length - tombstone.length <= limitBytes;
  return { result: fits ? { kind: 'value', bytes: snapshot } : { kind: 'tombstone', bytes: tombstone }, tombstone };
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
  if (!isStatus(status) || typeof flags !== 'number') throw unreadable(FORMAT, 'its head is malformed');
  return { status, headers: headersIn(FORMAT, head, 2), body, fixedCoding: (flags & FIXED_CODING) !== 0 };
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 999;
}
