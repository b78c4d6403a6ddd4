/**
 * Responses of the Fetch API, to plain ones and back.
 *
 * @module
 */

import type { PlainResponse } from './exchange.ts';

/** Statuses that the Fetch standard forbids a body to. */
const bodiless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

const noHeaders = new Headers();

/**
 * Runtimes refuse these too, but later: when they have been stored as the answer.
 *
 * @throws TypeError for `Response.error()` and for a response whose body was read before.
 */
export function refuseUnsendable({ type, bodyUsed }: Response): void {
  if (type === 'error') throw new TypeError('The handler returned Response.error().');
  if (bodyUsed) throw new TypeError('The handler returned a response whose body was read before.');
}

/** A response of the Fetch API; `before` are fields that stay unless the answer has them too. */
export function plainToResponse({ status, fields, body }: PlainResponse, before: Headers = noHeaders): Response {
  const headers = new Headers(before);
  for (const [name] of fields) headers.delete(name);
  for (const [name, value] of fields) headers.append(name, value);
  headers.delete('transfer-encoding');
  if (bodiless.has(status)) {
    headers.delete('content-length');
    return new Response(null, { status, headers });
  }
  headers.set('content-length', String(body.length));
  return new Response(body as Uint8Array<ArrayBuffer>, { status, headers });
}
