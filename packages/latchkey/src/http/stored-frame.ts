/**
 * The binary format of a record's responses and requests. The first byte is the version of the format, followed by the
 * length of the head (four bytes, big-endian), the head (a JSON array) and the body.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { asBuffer } from '../core/support/codec.ts';
import type { Header } from './exchange.ts';

const HEAD_START = 5;

/** The output of {@link frame}. */
export interface Framed {
  readonly whole: Uint8Array;
  /** The same without the body. */
  readonly withoutBody: Uint8Array;
}

/** The result of {@link unframe}. The body shares the memory of the frame. */
export interface Unframed {
  readonly head: readonly unknown[];
  readonly body: Uint8Array;
}

/** A format: its name in errors, and its version. */
export interface FrameFormat {
  readonly what: string;
  readonly version: number;
}

/** Combines a head and a body. */
export function frame({ version }: FrameFormat, head: readonly unknown[], body: Uint8Array): Framed {
  const text = JSON.stringify(head);
  const bodyStart = HEAD_START + Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(bodyStart + body.length);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt32BE(bodyStart - HEAD_START, 1);
  bytes.write(text, HEAD_START);
  bytes.set(body, bodyStart);
  return { whole: bytes, withoutBody: bytes.subarray(0, bodyStart) };
}

/** The error for a frame that this version can't read. */
export function unreadable({ what }: FrameFormat, why: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('record-unreadable', `A stored ${what} can't be read: ${why}.`, { cause });
}

/**
 * Splits a frame into head and body.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are malformed or of another version.
 */
export function unframe(format: FrameFormat, bytes: Uint8Array): Unframed {
  const buffer = asBuffer(bytes);
  const { version } = format;
  if (buffer[0] !== version) {
    throw unreadable(format, `its format version is ${buffer[0] ?? 'missing'}, not ${version}`);
  }
  const bodyStart = buffer.length < HEAD_START ? Number.NaN : HEAD_START + buffer.readUInt32BE(1);
  if (!(bodyStart <= buffer.length)) throw unreadable(format, 'it is cut short');
  let head: unknown;
  try {
    head = JSON.parse(buffer.toString('utf8', HEAD_START, bodyStart));
  } catch (error) {
    throw unreadable(format, 'its head is malformed', error);
  }
  if (!Array.isArray(head)) throw unreadable(format, 'its head is malformed');
  return { head, body: bytes.subarray(bodyStart) };
}

/**
 * Reads alternating names and values in a head as headers.
 *
 * @param start - index of the first name.
 * @throws LatchkeyError `record-unreadable`.
 */
export function headersIn(format: FrameFormat, head: readonly unknown[], start: number): Header[] {
  const headers: Header[] = [];
  for (let index = start; index < head.length; index += 2) {
    const name = head[index];
    const value = head[index + 1];
    if (typeof name !== 'string' || typeof value !== 'string') throw unreadable(format, 'its headers are malformed');
    headers.push([name, value]);
  }
  return headers;
}
