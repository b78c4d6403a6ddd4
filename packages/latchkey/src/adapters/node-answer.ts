/**
 * Writes a whole answer to a `node:http` response.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { PlainResponse } from '../http/exchange.ts';

/** The two functions that write an answer: a response's own, or those that a capture has put aside. */
export interface AnswerWriter {
  readonly writeHead: (this: ServerResponse, status: number, headers: string[]) => unknown;
  readonly end: (this: ServerResponse, body: Uint8Array) => unknown;
}

/** Writes a whole answer. Fields that are set already stay, unless the answer has them too. */
export function writeAnswer(response: ServerResponse, answer: PlainResponse, writer: AnswerWriter = response): void {
  const headers: string[] = [];
  for (const [name, value] of answer.fields) {
    if (!isFraming(name)) headers.push(name, value);
  }
  if (mayHaveBody(answer.status)) headers.push('Content-Length', String(answer.body.length));
  writer.writeHead.call(response, answer.status, headers);
  writer.end.call(response, answer.body);
}

/** The length belongs to the body that is written here, not to the one that was stored. */
function isFraming(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'content-length' || lower === 'transfer-encoding';
}

/** RFC 9110 section 8.6: no Content-Length in a 1xx or 204; a 304 names the length of another answer. */
function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}
