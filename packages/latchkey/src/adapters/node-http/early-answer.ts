/**
 * Answers a request whose body is still on its way, a too long one above all.
 *
 * Closing at once would reset the connection, and the client would see that in place of the answer. So the answer
 * goes out, what still comes is read and dropped up to a bound, and then the connection is closed.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PlainResponse } from '../../http/exchange.ts';
import { writeAnswer } from './write-answer.ts';

const maxDroppedBytes = 16 * 1024 * 1024;
const maxDrainMs = 5_000;

/** Writes the answer, drains the request within bounds, and closes. */
export function writeEarlyAnswer(request: IncomingMessage, response: ServerResponse, answer: PlainResponse): void {
  let dropped = 0;
  const end = () => {
    clearTimeout(timer);
    request.off('data', count).off('end', end).off('close', end);
    response.end();
  };
  const count = (chunk: Buffer | string) => {
    dropped += chunk.length;
    if (dropped > maxDroppedBytes) end();
  };
  const timer = setTimeout(end, maxDrainMs);
  response.shouldKeepAlive = false;
  const { setHeader, writeHead, write } = response;
  writeAnswer(response, answer, { setHeader, writeHead, end: write });
  request.on('data', count).on('end', end).on('close', end);
}
