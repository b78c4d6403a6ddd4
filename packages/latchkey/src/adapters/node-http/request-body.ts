/**
 * Reads the body of a `node:http` request and leaves the stream untouched for the next reader. A short body is tapped
 * on its way into the stream. A longer one is read and put back.
 *
 * @module
 */

import { IncomingMessage } from 'node:http';
import { isPlainObject } from '../../core/support/plain-json.ts';
import type { RequestBody } from '../../http/exchange.ts';
import { bodyPutBack, readStream } from './body-reader.ts';
import { comingBody, tapNodeBody } from './body-tap.ts';
import { hasLength, http2StreamOf, type ParsedRequest } from './request.ts';

const noBody: RequestBody = { kind: 'bytes', bytes: new Uint8Array(0) };
const tooLarge: RequestBody = { kind: 'too-large' };
const consumed: RequestBody = { kind: 'consumed' };
const broken: RequestBody = { kind: 'broken' };

/**
 * Returns the body of a request, parsed or not. Bytes that a parser kept take precedence over the parsed value, and an
 * unread stream takes precedence over a value: the parsers of Express 4 set `body` to `{}` on requests that they skip.
 */
export function readNodeBody(
  request: IncomingMessage,
  parsed: ParsedRequest,
  limitBytes: number,
): RequestBody | Promise<RequestBody> {
  if (parsed.rawBody instanceof Uint8Array) return keptBytes(request, parsed.rawBody, limitBytes);
  if (!hasBody(request)) return givenBody(request, parsed, limitBytes) ?? noBody;
  // Over HTTP/2, a body that was aborted before it was read is lost, and the request looks as if it had no body.
  if (request.aborted && !request.readableDidRead) return broken;
  if (request.readableDidRead || request.readableEnded)
    return bodyPutBack(request) ?? parsedBody(request, parsed, limitBytes);
  const isOfHttp1 = request._read === IncomingMessage.prototype._read;
  return isOfHttp1 && tapNodeBody(request, true) ? comingBody(request, limitBytes) : readStream(request, limitBytes);
}

/** RFC 9112 section 6.3: a request has a body only with one of these headers. HTTP/2 needs none of them. */
function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  if (length === undefined) return http2StreamOf(request)?.endAfterHeaders === false;
  return Number(length) !== 0;
}

function bounded(bytes: Uint8Array, limitBytes: number): RequestBody {
  return bytes.length > limitBytes ? tooLarge : { kind: 'bytes', bytes };
}

/**
 * Bytes that a parser kept. If the body had a content coding, most parsers have decoded it: the bytes have the
 * request's Content-Length only if they have not.
 */
function keptBytes(request: IncomingMessage, bytes: Uint8Array, limitBytes: number): RequestBody {
  const { headers } = request;
  const asReceived = headers['content-encoding'] === undefined || hasLength(request, bytes.length) || isGzip(bytes);
  if (asReceived || bytes.length > limitBytes) return bounded(bytes, limitBytes);
  return { kind: 'value', value: bytes };
}

/** Handles the bytes that a parser kept of a chunked request, which has no length. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function parsedBody(request: IncomingMessage, parsed: ParsedRequest, limitBytes: number): RequestBody {
  const given = givenBody(request, parsed, limitBytes);
  if (given !== undefined) return given;
  if (!request.readableDidRead) return noBody;
  const { body } = parsed;
  return body === undefined || isLeftEmpty(request, parsed) ? consumed : { kind: 'value', value: body };
}

/** A body next to the stream although no header announces one: adapters for serverless platforms set it. */
function givenBody(request: IncomingMessage, { body }: ParsedRequest, limitBytes: number): RequestBody | undefined {
  if (body instanceof Uint8Array) return keptBytes(request, body, limitBytes);
  if (typeof body === 'string') return keptBytes(request, Buffer.from(body), limitBytes);
  return body === undefined || body === null || isEmpty(body) ? undefined : { kind: 'value', value: body };
}

/** Parsers leave `{}` on requests without a body, and on requests that they skip. */
function isEmpty(body: unknown): boolean {
  return typeof body === 'object' && body !== null && isPlainObject(body) && Object.keys(body).length === 0;
}

/** More bytes than an empty object can take, including white space and a content coding. */
const moreThanEmpty = 64;

/**
 * True if other code has read a body that the parsers of Express 4 skipped: the `{}` on the request means nothing then.
 * These parsers set `_body` on requests that they have read.
 */
function isLeftEmpty(request: IncomingMessage, { body, _body }: ParsedRequest): boolean {
  if (_body === true || !isEmpty(body)) return false;
  const { 'content-type': type = '', 'content-length': length } = request.headers;
  return Number(length) > moreThanEmpty || !/json|x-www-form-urlencoded/i.test(type);
}
