/**
 * One request on its way, under the driver's hand.
 *
 * @module
 */

import { gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';

/** What is sent. */
export interface Message {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Without a Content-Length. */
  readonly chunked: boolean;
}

/** A request that was begun. */
export interface Call {
  /** Sends the body from here to there, and before the first piece the head; at its end the request is whole. */
  send(from: number, to: number): void;
  /** The answer, as soon as it is whole or can't come any more. */
  readonly answered: Promise<Answer>;
  /** True once the head of an answer has come. */
  readonly hasHead: boolean;
  /** True once `answered` has resolved. */
  readonly isAnswered: boolean;
  /** Lets the connection go without a word. */
  leave(how: 'end' | 'reset'): void;
  /** Says that nothing more will be sent. */
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
