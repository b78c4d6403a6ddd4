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
  return isOfHttp1 && tapNodeBody(request) ? comingBody(request, limitBytes) : readStream(request, limitBytes);
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

type Push = IncomingMessage['push'];

const tapping = Symbol('latchkey.bodyTap');

interface Tapped extends IncomingMessage {
  [tapping]?: BodyTap;
}

/** One body in transit. */
class BodyTap {
  /** The request's previous function. */
  readonly push: Push;
  readonly length: number;
  /** Over HTTP/1 the end of a body follows its last byte immediately, so nothing of the request is in transit then. */
  readonly #waitsForEnd: boolean;
  /** Created with the first chunk: an empty array that grows takes more memory. */
  #chunks: Uint8Array[] | undefined;
  #size = 0;
  #ended = false;
  #resolve: ((body: RequestBody) => void) | undefined;

  constructor(request: IncomingMessage, length: number) {
    this.push = request.push;
    this.length = length;
    this.#waitsForEnd = request._read === IncomingMessage.prototype._read;
  }

  /** No more data will come. */
  get isOver(): boolean {
    return this.#ended || this.#size >= this.length;
  }

  /** Data beyond the announced length is dropped. */
  add(chunk: unknown, encoding: BufferEncoding | undefined): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    if (bytes === null) this.#ended = true;
    else if (bytes instanceof Uint8Array) {
      this.#size += bytes.length;
      if (this.#chunks === undefined) this.#chunks = [bytes];
      else if (this.#size <= this.length) this.#chunks.push(bytes);
    }
    if (this.#ended || (!this.#waitsForEnd && this.isOver)) this.settle();
  }

  /** Over HTTP/2, a body that the client aborted ends like any other, but is shorter than its length. */
  body(): RequestBody {
    if (this.#size < this.length) return broken;
    if (this.#size > this.length) return tooLarge;
    const chunks = this.#chunks ?? [];
    // Joined once: `peek` and the guard get the same bytes.
    if (chunks.length !== 1) this.#chunks = [Buffer.concat(chunks)];
    return { kind: 'bytes', bytes: this.#chunks?.[0] as Uint8Array };
  }

  /** Resolves with the body when it has ended. */
  rest(request: IncomingMessage): Promise<RequestBody> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (request.destroyed) resolve(broken);
      else request.on('close', onClose);
    });
  }

  /** No more data comes, even if some is missing. */
  settle(): void {
    this.#resolve?.(this.body());
    this.#resolve = undefined;
  }
}

/** Shared by all requests, which is cheaper than one closure per request. */
function push(this: Tapped, chunk: unknown, encoding?: BufferEncoding): boolean {
  const tap = this[tapping] as BodyTap;
  tap.add(chunk, encoding);
  return tap.push.call(this, chunk, encoding);
}

function onClose(this: Tapped): void {
  this[tapping]?.settle();
}

/**
 * Taps the body of a request before any of it has arrived. Returns false for a body that must be read in another way:
 * its length is unknown, or larger than the stream buffers without a reader. A second guard finds the tap of the first.
 */
export function tapNodeBody(request: IncomingMessage): boolean {
  const tapped: Tapped = request;
  if (tapped[tapping] !== undefined) return true;
  const length = Number(request.headers['content-length']);
  if (!(length > 0 && length <= request.readableHighWaterMark)) return false;
  if (request.headers['transfer-encoding'] !== undefined || request.destroyed) return false;
  if (request.readableLength > 0 || request.readableDidRead || request.readableEnded) return false;
  tapped[tapping] = new BodyTap(request, length);
  tapped.push = push;
  return true;
}

/** Returns the body of a tapped request once it has arrived; the stream buffers it without a reader. */
function comingBody(request: IncomingMessage, limitBytes: number): RequestBody | Promise<RequestBody> {
  const tap = (request as Tapped)[tapping] as BodyTap;
  if (tap.length > limitBytes) return tooLarge;
  return tap.isOver ? tap.body() : tap.rest(request);
}

/**
 * Returns the body of a tapped request; undefined if it wasn't tapped, or if its stream can still be read from its
 * beginning.
 */
export function tappedBody(
  request: IncomingMessage,
  limitBytes: number,
): RequestBody | Promise<RequestBody> | undefined {
  const tap = (request as Tapped)[tapping];
  if (tap === undefined) return undefined;
  const isUnread = !tap.isOver && !request.readableDidRead;
  return isUnread && tap.length <= limitBytes ? undefined : comingBody(request, limitBytes);
}
