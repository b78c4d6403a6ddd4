/**
 * Encodes a response as bytes of a record and decodes it. The head of the frame holds the status, a number with flags,
 * and alternating names and values of the headers. The tombstone of a response is its snapshot without the body.
 *
 * @module
 */

import type { FinalWrite } from '../../core/context.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';
import { keptHeaders } from './kept-headers.ts';

/** The parts of a response that a record keeps. */
export interface Snapshot {
  readonly status: number;
  readonly headers: Header[];
  readonly body: Uint8Array;
  /** True if the body is a reference (JSON) in place of the answer's body. */
  readonly isReference?: true | undefined;
  /** True if the content coding was sent to a client that had not asked for it, so it is part of the content. */
  readonly fixedCoding: boolean;
}

const FORMAT: FrameFormat = { what: 'response', version: 1 };
/** The body is a reference (JSON). A release that only knows version 1 must not take it for the answer's body. */
export const REFERENCE_FORMAT: FrameFormat = { what: 'response', version: 2 };
const FIXED_CODING = 1;

/**
 * Returns the parts of a response to store, without headers that a record doesn't keep: the whole response, or its
 * tombstone if the body is longer than the limit.
 */
export function encodeResponse(
  { status, headers, body }: Pick<PlainResponse, 'status' | 'headers' | 'body'>,
  limitBytes: number,
  fixedCoding = false,
  format = FORMAT,
): FinalWrite {
  const head: (number | string)[] = [status, fixedCoding ? FIXED_CODING : 0];
  for (const [name, value] of keptHeaders(headers)) head.push(name, value);
  const { whole, withoutBody } = frame(format, head, body);
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
 * this error must never lead to running it again.
 */
export function decodeResponse(bytes: Uint8Array): Snapshot {
  const isReference = bytes[0] === REFERENCE_FORMAT.version || undefined;
  const { head, body } = unframe(isReference ? REFERENCE_FORMAT : FORMAT, bytes);
  const status = head[0];
  const flags = head[1];
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 999;
  if (!isStatus || typeof flags !== 'number') throw unreadable(FORMAT, 'its head is malformed');
  const fixedCoding = (flags & FIXED_CODING) !== 0;
  return { status, headers: headersIn(FORMAT, head, 2), body, isReference, fixedCoding };
}
