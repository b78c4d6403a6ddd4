/**
 * Writes a whole answer to a `node:http` response.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { asBuffer } from '../../core/support/bytes.ts';
import type { Header, PlainResponse } from '../../http/exchange.ts';
import { mayHaveBody } from '../../http/response/status.ts';

/** The functions that write an answer: a response's own, or those that a capture has put aside. */
export interface AnswerWriter {
  readonly setHeader: (this: ServerResponse, name: string, value: string | string[]) => unknown;
  readonly writeHead: (this: ServerResponse, status: number) => unknown;
  readonly end: (this: ServerResponse, body: string | Uint8Array, encoding: 'latin1') => unknown;
}

/**
 * Writes a whole answer. Headers that are set already stay, unless the answer has them too. Each header is set by itself:
 * old releases of on-headers, which many middlewares bring along, take a list of `writeHead` for a list of pairs.
 */
export function writeAnswer(response: ServerResponse, answer: PlainResponse, writer: AnswerWriter = response): void {
  for (const [name, lines] of linesByName(answer.headers)) {
    if (!isFraming(name)) writer.setHeader.call(response, name, lines);
  }
  if (mayHaveBody(answer.status)) writer.setHeader.call(response, 'Content-Length', String(answer.body.length));
  writer.writeHead.call(response, answer.status);
  writer.end.call(response, cheaplyWritten(answer.body), 'latin1');
}

/** The headers as a response takes them: each name once, repeated ones with all their lines. */
function linesByName(headers: readonly Header[]): Iterable<readonly [name: string, lines: string | string[]]> {
  const byName = new Map<string, [name: string, lines: string | string[]]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const found = byName.get(lower);
    if (found === undefined) byName.set(lower, [name, value]);
    else if (typeof found[1] === 'string') found[1] = [found[1], value];
    else found[1].push(value);
  }
  return byName.values();
}

/** Up to here copying a body costs less than a second buffer to write does. */
const maxCopiedBytes = 16_384;

/** Node joins a string with the head into one write, but not bytes; in Latin-1 each byte is one character. */
function cheaplyWritten(body: Uint8Array): string | Uint8Array {
  return body.length > maxCopiedBytes ? body : asBuffer(body).toString('latin1');
}

/** The length belongs to the body that is written here, not to the one that was stored. */
function isFraming(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'content-length' || lower === 'transfer-encoding';
}
