/**
 * One request under the driver's control.
 *
 * @module
 */

import { gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';

/** The request to send. */
export interface Message {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Without a Content-Length. */
  readonly chunked: boolean;
}

/** A started request. */
export interface Call {
  /** Sends this part of the body, with the head before the first part. */
  send(from: number, to: number): void;
  /** The answer, once it is complete or can no longer arrive. */
  readonly answered: Promise<Answer>;
  /** True once the head of an answer has arrived. */
  readonly hasHead: boolean;
  /** True once `answered` has resolved. */
  readonly isAnswered: boolean;
  /** Closes the connection abruptly. */
  leave(how: 'end' | 'reset'): void;
  /** Ends the request's side of the connection. */
  endSide(): void;
}

/** The message of a plan. */
export function messageOf(parts: {
  readonly path: string;
  readonly key: string;
  readonly type: string;
  readonly text: string;
  readonly gzipped: boolean;
  readonly chunked: boolean;
  readonly acceptsGzip: boolean;
}): Message {
  const body = parts.gzipped ? gzipSync(parts.text) : Buffer.from(parts.text);
  const headers = {
    'content-type': parts.type,
    'idempotency-key': parts.key,
    ...(parts.gzipped && { 'content-encoding': 'gzip' }),
    ...(parts.acceptsGzip && { 'accept-encoding': 'gzip' }),
  };
  return { path: parts.path, headers, body, chunked: parts.chunked };
}
