/**
 * Turns the arguments of `fetch` into a request that can be sent repeatedly, byte for byte.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { invalidOption } from './options.ts';

/** A request whose body is complete. */
export interface PreparedRequest {
  readonly url: string;
  readonly method: string;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly headers: Headers;
  /** The other options of `fetch`: credentials, mode and so on. */
  readonly init: RequestInit;
}

/** The attributes of a Request that have to be set again on a new request. */
const carriedOver = [
  'cache',
  'credentials',
  'integrity',
  'keepalive',
  'mode',
  'referrer',
  'referrerPolicy',
] as const satisfies readonly (keyof Request & keyof RequestInit)[];

/**
 * Reads the body once. FormData gets its random boundary here, so every attempt sends the same one.
 *
 * @throws LatchkeyError `body-not-replayable`, `option-invalid`; TypeError if `fetch` itself would refuse it.
 */
export async function prepareRequest(input: string | URL | Request, init: RequestInit): Promise<PreparedRequest> {
  const source = input instanceof Request ? input : undefined;
  const { body: _body, signal: _signal, ...rest } = init;
  const method = changingMethod(init, source);
  const plain: RequestInit = { ...attributes(source), ...rest, method, redirect: redirectOf(init, source) };
  // The constructor immediately throws any error that each attempt would throw, and resolves a relative URL.
  const { url, headers } = new Request(source?.url ?? String(input), {
    ...plain,
    headers: init.headers ?? source?.headers ?? {},
  });
  refuseUnsendable(plain, headers);
  const { bytes, contentType } = await readBody(init.body, source);
  if (contentType !== null && !headers.has('content-type')) headers.set('content-type', contentType);
  return { url, method, body: bytes, headers, init: plain };
}

function attributes(source: Request | undefined): RequestInit {
  if (source === undefined) return {};
  return Object.fromEntries(carriedOver.map((name) => [name, source[name]]));
}

// fetch corrects the case of post but not of patch, which servers would not recognise.
function changingMethod(init: RequestInit, source: Request | undefined): string {
  const method = (init.method ?? source?.method ?? 'GET').toUpperCase();
  if (method !== 'GET' && method !== 'HEAD') return method;
  throw invalidOption(`method must not be safe; got ${method}`);
}

/** A redirect may lead to another origin; with 307 and 308, `fetch` would send it the body and the key too. */
function redirectOf({ redirect }: RequestInit, source: Request | undefined): 'manual' | 'error' {
  if (redirect === 'follow')
    throw invalidOption("redirect must not be 'follow', since another address would get the key");
  return redirect ?? (source?.redirect === 'error' ? 'error' : 'manual');
}

function refuseUnsendable(init: RequestInit, headers: Headers): void {
  if (init.mode === 'no-cors') throw invalidOption("mode must not be 'no-cors', which would drop the key");
  if (headers.has('idempotency-key'))
    throw invalidOption('headers must not contain Idempotency-Key, which the client sets');
}

interface ReadBody {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly contentType: string | null;
}

async function readBody(body: BodyInit | null | undefined, source: Request | undefined): Promise<ReadBody> {
  if (body === undefined || body === null) return readSource(body === null ? undefined : source);
  refuseUnrepeatable(body);
  const whole = new Response(body);
  return { bytes: new Uint8Array(await whole.arrayBuffer()), contentType: whole.headers.get('content-type') };
}

async function readSource(source: Request | undefined): Promise<ReadBody> {
  if (source === undefined) return { bytes: undefined, contentType: null };
  if (source.bodyUsed) throw notReplayable('the body of this Request was already read');
  // Reading a clone leaves the caller's Request usable for another call after a failure.
  const bytes = new Uint8Array(await source.clone().arrayBuffer());
  return { bytes: bytes.byteLength === 0 ? undefined : bytes, contentType: null };
}

function refuseUnrepeatable(body: BodyInit): void {
  if (typeof body === 'string' || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return;
  if ([URLSearchParams, FormData, Blob].some((type) => body instanceof type)) return;
  const stream = body instanceof ReadableStream;
  throw notReplayable(stream ? 'a stream can be read only once' : 'a body of this type cannot be kept');
}

function notReplayable(why: string): LatchkeyError {
  const advice = 'pass a string, bytes, a Blob, FormData or URLSearchParams';
  return new LatchkeyError('body-not-replayable', `The request can't be sent twice: ${why}; ${advice}.`);
}

const multipartBoundary = /^multipart\/.*;\s*boundary="?([^";]+)/i;

/** The body as text in which each character is one byte, without the random boundary of a multipart body. */
function comparableBody({ body, headers }: PreparedRequest): string {
  // This decoder maps every byte to its own character, so equal texts are equal bytes.
  const text = new TextDecoder('latin1').decode(body);
  const boundary = multipartBoundary.exec(headers.get('content-type') ?? '')?.[1];
  return boundary === undefined ? text : text.replaceAll(boundary, '');
}

/** True if address, method and body are the same, ignoring the random boundary of a multipart body. */
export function sameRequest(left: PreparedRequest, right: PreparedRequest): boolean {
  if (left.url !== right.url || left.method !== right.method) return false;
  return comparableBody(left) === comparableBody(right);
}

/**
 * A digest of key, method, path and body in 32 bits (FNV-1a). It is stored beside the key, to detect another request
 * under the same name. It is too short to confirm a guess of the body; if two requests have the same digest by chance,
 * the server refuses the second (`key-reused`). The origin is left out, so that a client may fall back to another host
 * name.
 */
export function requestDigest(key: string, request: PreparedRequest): number {
  const { pathname, search } = new URL(request.url);
  const text = `${key} ${request.method} ${pathname}${search}\n${comparableBody(request)}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
