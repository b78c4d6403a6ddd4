/**
 * A Fastify reply: which headers were set since the guard, how an answer replaces them, and what Fastify hands over in
 * `onSend`, as bytes and back.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { type OutgoingHttpHeader, type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import type { FastifyReply } from 'fastify';
import { asBuffer } from '../../core/support/codec.ts';
import type { Header, Marks, PlainResponse } from '../../http/exchange.ts';
import { headerValue, isNeverKept } from '../../http/response/kept-headers.ts';
import { REPLAYED_HEADER, STATUS_HEADER, STORED_HEADER } from '../../protocol/headers.ts';
import { addHeader, type HeaderSnapshot, isSame, snapshotHeaders } from '../node-http/response-head.ts';

/** The headers of a reply as they are now. Their names are in lower case, as Fastify keeps them. */
export function headersOf(reply: FastifyReply): HeaderSnapshot {
  return snapshotHeaders(reply.getHeaders() as OutgoingHttpHeaders);
}

/** The headers that were not there, or not with this value, at the moment of the earlier snapshot. */
export function headersSince(headers: HeaderSnapshot, before: HeaderSnapshot): Header[] {
  const since: Header[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value === before[name]) continue;
    if (typeof value === 'string') since.push([name, value]);
    else addHeader(since, name, value, before[name]);
  }
  return since;
}

const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const invalidInValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The error that Node throws for the first header that cannot be sent. An answer with such a header must not be stored:
 * its client gets the error instead, and a replay could not be sent either.
 */
export function headerError(headers: HeaderSnapshot): Error | undefined {
  for (const name in headers) {
    const value = headers[name];
    const isInvalid = Array.isArray(value)
      ? value.some((line) => invalidInValue.test(line))
      : value === undefined || (typeof value === 'string' && invalidInValue.test(value));
    if (isInvalid || !namePattern.test(name)) return errorOf(name, value);
  }
  return undefined;
}

function errorOf(name: string, value: OutgoingHttpHeader | undefined): Error | undefined {
  try {
    validateHeaderName(name);
    for (const line of [value].flat()) validateHeaderValue(name, line as string);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Gives a reply the headers that it had at the moment of a snapshot. */
export function restoreReply(reply: FastifyReply, headers: HeaderSnapshot): void {
  const current = reply.getHeaders() as OutgoingHttpHeaders;
  for (const name in current) {
    if (headers[name] === undefined) reply.removeHeader(name);
  }
  for (const name in headers) {
    if (headers[name] !== current[name]) setHeader(reply, name, headers[name], current[name]);
  }
}

function setHeader(
  reply: FastifyReply,
  name: string,
  value: OutgoingHttpHeader | undefined,
  current: OutgoingHttpHeader | undefined,
): void {
  if (value === undefined || value === current || (Array.isArray(value) && isSame(value, current))) return;
  // Fastify adds a second Set-Cookie to the first.
  if (name === 'set-cookie') reply.removeHeader(name);
  reply.header(name, value);
}

/** Puts the layer's own headers onto a reply. */
export function markReply(reply: FastifyReply, { headers, without }: Marks): void {
  for (const name of without) reply.removeHeader(name);
  for (const [name, value] of headers) reply.header(name, value);
}

const ownHeaders = [STATUS_HEADER, REPLAYED_HEADER, STORED_HEADER];

/** Takes the layer's own headers off a reply: what goes out is not the answer that they tell of. */
export function unmarkReply(reply: FastifyReply): void {
  for (const name of ownHeaders) reply.removeHeader(name);
}

/** The length belongs to the bytes that go out, which hooks may still change. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/**
 * Puts the status and the headers of an answer in place of what is there. The headers of `before` stay, unless the answer
 * has them too.
 *
 * @param keepsPassing - true if headers that no record keeps (cookies, rate limits) stay too. They are those of the request
 *   at hand: hooks before the guard have set them.
 */
export function placeAnswer(
  reply: FastifyReply,
  { status, headers }: PlainResponse,
  before: HeaderSnapshot,
  keepsPassing: boolean,
): void {
  const placed = linesByLowerName(headers);
  const current = reply.getHeaders() as OutgoingHttpHeaders;
  for (const name in current) {
    if (placed[name] !== undefined || before[name] !== undefined) continue;
    if (framing.has(name) || !keepsPassing || !isNeverKept(name)) reply.removeHeader(name);
  }
  for (const name in before) {
    if (placed[name] === undefined) setHeader(reply, name, before[name], current[name]);
  }
  for (const name in placed) setHeader(reply, name, placed[name], current[name]);
  reply.code(status);
}

function linesByLowerName(headers: readonly Header[]): Record<string, string | string[]> {
  const lines: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (framing.has(lower)) continue;
    // A header may be named like a member of every object.
    const found = Object.hasOwn(lines, lower) ? lines[lower] : undefined;
    if (found === undefined) lines[lower] = value;
    else if (typeof found === 'string') lines[lower] = [found, value];
    else found.push(value);
  }
  return lines;
}

const noBytes = new Uint8Array(0);

/** The bytes of a payload that is there whole; undefined for a stream, and for what Fastify cannot send. */
export function wholePayload(payload: unknown): Uint8Array | undefined {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload === undefined || payload === null) return noBytes;
  return Buffer.isBuffer(payload) ? payload : undefined;
}

const textual = /^text\/|[/+](?:json|xml|javascript)\b|^application\/x-www-form-urlencoded/i;

/**
 * The body of an answer as a handler would have given it, for the hooks that follow: text as a string, which Node also
 * joins with the head into one write, and other content as bytes.
 */
export function payloadOf({ headers, body }: PlainResponse): string | Buffer | null {
  const type = headerValue(headers, 'content-type');
  if (body.length === 0 && type === undefined) return null;
  const isText = type !== undefined && textual.test(type) && headerValue(headers, 'content-encoding') === undefined;
  return isText && isUtf8(body) ? asBuffer(body).toString() : asBuffer(body);
}
