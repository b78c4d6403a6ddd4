/**
 * Writes a whole answer to a `node:http` response.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { asBuffer } from '../../core/support/codec.ts';
import type { Header, PlainResponse } from '../../http/exchange.ts';
import { mayHaveBody } from '../../http/response/replay.ts';

/** The functions that write an answer: a response's own, or those that a capture has replaced. */
export interface AnswerWriter {
  readonly setHeader: (this: ServerResponse, name: string, value: string | string[]) => unknown;
  readonly writeHead: (this: ServerResponse, status: number) => unknown;
  readonly end: (this: ServerResponse, body: string | Uint8Array, encoding: 'latin1') => unknown;
}

/**
 * Writes a complete answer. Headers that are already set stay, unless the answer has them too. Each header is set
 * separately: old releases of on-headers, which much middleware depends on, treat the flat list of `writeHead` as a
 * list of pairs.
 */
export function writeAnswer(response: ServerResponse, answer: PlainResponse, writer: AnswerWriter = response): void {
  const { status, headers, body } = answer;
  for (const [name, lines] of mayRepeat(headers) ? linesByName(headers) : headers) {
    // The length must match the body that is written here, not the stored one.
    const { length } = name;
    const isFraming = (length === 14 || length === 17) && framing.has(name.toLowerCase());
    if (!isFraming) writer.setHeader.call(response, name, lines);
  }
  if (mayHaveBody(status)) writer.setHeader.call(response, 'Content-Length', String(body.length));
  writer.writeHead.call(response, status);
  // Node joins a string with the head into one write, but not bytes; in Latin-1 each byte is one character.
  const isCopied = body.length <= maxCopiedBytes;
  writer.end.call(response, isCopied ? asBuffer(body).toString('latin1') : body, 'latin1');
}

const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/** Up to this size, copying a body costs less than writing a second buffer. */
const maxCopiedBytes = 16_384;

/** With more headers than this, grouping them by name costs less than comparing all of them. */
const fewFields = 16;

/** False if no name occurs twice. Comparing lengths first avoids nearly all comparisons of names. */
function mayRepeat(headers: readonly Header[]): boolean {
  if (headers.length > fewFields) return true;
  for (let index = 1; index < headers.length; index += 1) {
    const name = (headers[index] as Header)[0];
    for (let before = 0; before < index; before += 1) {
      const other = (headers[before] as Header)[0];
      if (other.length === name.length && other.toLowerCase() === name.toLowerCase()) return true;
    }
  }
  return false;
}

/** Returns the headers in the form that a response takes: each name once, repeated ones with all their lines. */
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

const maxDroppedBytes = 16 * 1024 * 1024;
const maxDrainMs = 5_000;

/**
 * Answers a request whose body is still in transit, mostly because it is too long. Closing immediately would reset the
 * connection, and the client would see the reset instead of the answer. So the answer is sent, remaining data is read
 * and dropped up to a limit, and then the connection is closed.
 */
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
