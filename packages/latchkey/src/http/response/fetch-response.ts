/**
 * Converts responses of the Fetch API to plain ones and back.
 *
 * @module
 */

import { headerNamePattern } from '../../protocol/headers.ts';
import { codingsOf } from '../content-coding.ts';
import type { Header, PlainResponse } from '../exchange.ts';
import { connectionOptions, hopByHop } from './kept-headers.ts';
import { mayHaveBody } from './replay.ts';

const noHeaders = new Headers();

/** Bun, Deno and some servers have their own Response, so its class can't be checked. */
export function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'arrayBuffer' in value && 'headers' in value;
}

/**
 * A Response of `@hono/node-server` has a default Content-Type, which it loses if another property is read before its
 * headers.
 */
function keepDefaultType(response: Response): void {
  void response.headers;
}

/**
 * Refuses responses that runtimes refuse only later, when they are already stored as the answer.
 *
 * @throws TypeError for `Response.error()` and for a response whose body is already read.
 */
export function refuseUnsendable(made: Response): void {
  keepDefaultType(made);
  const { type, bodyUsed } = made;
  if (type === 'error') throw new TypeError('The handler returned Response.error().');
  if (bodyUsed) throw new TypeError('The handler returned a response whose body was already read.');
}

/** The codings that `fetch` of the runtimes decodes. If any coding is a different one, it decodes none. */
const undone: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

/** Only a response from the network has a URL. Its headers describe the coded body, which `fetch` has decoded. */
function isDecoded({ url }: Response, headers: Headers): boolean {
  const coding = url === '' ? null : headers.get('content-encoding');
  return coding !== null && codingsOf([coding]).every((name) => undone.has(name));
}

/**
 * Returns a copy of the end-to-end headers of a response. A handler that forwards a fetched response also forwards the
 * headers of that connection, which frame a different message.
 */
export function endToEndHeaders(response: Response): Headers {
  const headers = new Headers(response.headers);
  const connection = headers.get('connection');
  if (connection !== null) {
    for (const name of connectionOptions(connection)) if (headerNamePattern.test(name)) headers.delete(name);
  }
  // Asking once for all names costs less than ten deletions.
  for (const name of [...headers.keys()]) if (hopByHop.has(name)) headers.delete(name);
  if (isDecoded(response, headers)) {
    headers.delete('content-encoding');
    headers.delete('content-length');
  }
  return headers;
}

/** Returns a fetched response without the headers of its connection; any other response unchanged. */
export function passedOn(response: Response): Response {
  keepDefaultType(response);
  if (response.url === '' || response.bodyUsed) return response;
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers: endToEndHeaders(response) });
}

/** Creates a response of the Fetch API. The headers in `before` stay unless the answer has them too. */
export function plainToResponse(
  { status, headers: given, body }: PlainResponse,
  before: Headers = noHeaders,
): Response {
  const lines: [name: string, value: string][] = [];
  for (const [name, value] of given) if (!isFraming(name)) lines.push([name, value]);
  const hasBody = mayHaveBody(status);
  if (hasBody) lines.push(['content-length', String(body.length)]);
  // Most requests have no earlier headers; then the lines go into the response as they are.
  const isFirst = before.keys().next().done === true;
  const headers = isFirst ? lines : merged(before, lines);
  // Servers add a Content-Type to a body without one, even if it is empty.
  const content = hasBody && body.length > 0 ? (body as Uint8Array<ArrayBuffer>) : null;
  return new Response(content, { status, headers });
}

function isFraming(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'content-length' || lower === 'transfer-encoding';
}

function merged(before: Headers, lines: readonly Header[]): Headers {
  const headers = new Headers(before);
  headers.delete('transfer-encoding');
  headers.delete('content-length');
  for (const [name] of lines) headers.delete(name);
  for (const [name, value] of lines) headers.append(name, value);
  return headers;
}
