/**
 * Responses of the Fetch API, to plain ones and back.
 *
 * @module
 */

import { headerNamePattern } from '../../protocol/headers.ts';
import { codingsOf } from '../content-coding.ts';
import type { PlainResponse } from '../exchange.ts';
import { connectionOptions, hopByHop } from './kept-headers.ts';
import { mayHaveBody } from './replay.ts';

const noHeaders = new Headers();

/** Bun, Deno and some servers bring a Response of their own, so that its class says nothing. */
export function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'arrayBuffer' in value && 'headers' in value;
}

/**
 * A Response of `@hono/node-server` has a default Content-Type of its own, which it forgets if another property is read
 * before its headers.
 */
function keepDefaultType(response: Response): void {
  void response.headers;
}

/**
 * Runtimes refuse these too, but later: when they have been stored as the answer.
 *
 * @throws TypeError for `Response.error()` and for a response whose body was read before.
 */
export function refuseUnsendable(made: Response): void {
  keepDefaultType(made);
  const { type, bodyUsed } = made;
  if (type === 'error') throw new TypeError('The handler returned Response.error().');
  if (bodyUsed) throw new TypeError('The handler returned a response whose body was already read.');
}

/** The codings that the runtimes' own `fetch` undoes; if one of several is another, it undoes none. */
const undone: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br', 'zstd']);

/** Only a response of the network has an address. Its headers are those of the coded body that `fetch` has decoded. */
function isDecoded({ url }: Response, headers: Headers): boolean {
  const coding = url === '' ? null : headers.get('content-encoding');
  return coding !== null && codingsOf([coding]).every((name) => undone.has(name));
}

/**
 * A copy of the headers that a response has from end to end: a handler that passes on what it fetched passes on the
 * headers of that connection too, which frame another message than ours.
 */
export function endToEndHeaders(response: Response): Headers {
  const headers = new Headers(response.headers);
  const connection = headers.get('connection');
  if (connection !== null) {
    for (const name of connectionOptions(connection)) if (headerNamePattern.test(name)) headers.delete(name);
  }
  for (const name of hopByHop) headers.delete(name);
  if (isDecoded(response, headers)) {
    headers.delete('content-encoding');
    headers.delete('content-length');
  }
  return headers;
}

/** The same response, if it was fetched, without the headers of its connection. */
export function passedOn(response: Response): Response {
  keepDefaultType(response);
  if (response.url === '' || response.bodyUsed) return response;
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers: endToEndHeaders(response) });
}

/** A response of the Fetch API; `before` are headers that stay unless the answer has them too. */
export function plainToResponse(
  { status, headers: lines, body }: PlainResponse,
  before: Headers = noHeaders,
): Response {
  const headers = new Headers(before);
  for (const [name] of lines) headers.delete(name);
  for (const [name, value] of lines) headers.append(name, value);
  headers.delete('transfer-encoding');
  if (!mayHaveBody(status)) {
    headers.delete('content-length');
    return new Response(null, { status, headers });
  }
  headers.set('content-length', String(body.length));
  // Servers add a Content-Type to a body that has none, even to an empty one.
  return new Response(body.length === 0 ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
}
