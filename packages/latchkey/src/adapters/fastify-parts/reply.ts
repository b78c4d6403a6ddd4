/**
 * Handles a Fastify reply: finds the headers that were set since the guard, replaces them with those of an answer, and
 * converts the payloads of `onSend` to bytes and back.
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

/** Returns the current headers of a reply, by their names in lower case, as Fastify keeps them. */
export function headersOf(reply: FastifyReply, without?: readonly string[]): HeaderSnapshot {
  const headers = snapshotHeaders(reply.getHeaders() as OutgoingHttpHeaders);
  if (without !== undefined) for (const name of without) headers[name] = undefined;
  return headers;
}

/** Returns the headers that are new or changed since the earlier snapshot. */
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
 * Returns the error that Node throws for the first header that cannot be sent. An answer with such a header must not be
 * stored: its client gets the error instead, and a replay could not be sent either.
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

/** Restores the headers of a reply from a snapshot. */
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

/** Sets the layer's own headers on a reply. */
export function markReply(reply: FastifyReply, { headers, without }: Marks): void {
  for (const name of without) reply.removeHeader(name);
  for (const [name, value] of headers) reply.header(name, value);
}

const ownHeaders = [STATUS_HEADER, REPLAYED_HEADER, STORED_HEADER];

/** Removes the layer's own headers from a reply whose content is not the answer that they describe. */
export function unmarkReply(reply: FastifyReply): void {
  for (const name of ownHeaders) reply.removeHeader(name);
}

/** The length must match the bytes that are sent, which hooks may still change. */
const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

/**
 * Replaces the current status and headers with those of an answer. The headers of `before` stay, unless the answer has
 * them too.
 *
 * @param keepsPassing - true if headers that no record keeps (cookies, rate limits) stay too. They belong to the
 * current request: hooks before the guard have set them.
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
    // A header may have the name of a member of Object.prototype.
    const found = Object.hasOwn(lines, lower) ? lines[lower] : undefined;
    if (found === undefined) lines[lower] = value;
    else if (typeof found === 'string') lines[lower] = [found, value];
    else found.push(value);
  }
  return lines;
}

const noBytes = new Uint8Array(0);

/** Returns the bytes of a complete payload; undefined for a stream, and for a value that Fastify cannot send. */
export function wholePayload(payload: unknown): Uint8Array | undefined {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload === undefined || payload === null) return noBytes;
  return Buffer.isBuffer(payload) ? payload : undefined;
}

const textual = /^text\/|[/+](?:json|xml|javascript)\b|^application\/x-www-form-urlencoded/i;

/**
 * Returns the body of an answer in the form that a handler would have used, for later hooks: text as a string, which
 * Node also joins with the head into one write, and other content as bytes.
 */
export function payloadOf({ headers, body }: PlainResponse): string | Buffer | null {
  const type = headerValue(headers, 'content-type');
  if (body.length === 0 && type === undefined) return null;
  const isText = type !== undefined && textual.test(type) && headerValue(headers, 'content-encoding') === undefined;
  return isText && isUtf8(body) ? asBuffer(body).toString() : asBuffer(body);
}
