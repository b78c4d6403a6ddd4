/**
 * Reads the body of a `node:http` request and leaves it there: whoever reads next finds an untouched stream.
 *
 * @module
 */

import { IncomingMessage } from 'node:http';
import { isPlainObject } from '../../core/support/plain-json.ts';
import type { RequestBody } from '../../http/exchange.ts';
import { comingBody, tapNodeBody } from './body-tap.ts';
import { hasLength, http2StreamOf, isComplete, isFedByNode, type ParsedRequest } from './request.ts';

const noBody: RequestBody = { kind: 'bytes', bytes: new Uint8Array(0) };
const tooLarge: RequestBody = { kind: 'too-large' };
const consumed: RequestBody = { kind: 'consumed' };
const broken: RequestBody = { kind: 'broken' };

/**
 * The body of a request, whether a parser came before or not.
 *
 * Bytes that a parser kept win over the value that it made of them, and an unread stream wins over a value: the
 * parsers of Express 4 set `body` to `{}` on requests that they leave alone.
 */
export function readNodeBody(
  request: IncomingMessage,
  parsed: ParsedRequest,
  limitBytes: number,
): RequestBody | Promise<RequestBody> {
  if (parsed.rawBody instanceof Uint8Array) return keptBytes(request, parsed.rawBody, limitBytes);
  if (!hasBody(request)) return givenBody(request, parsed, limitBytes) ?? noBody;
  // Over HTTP/2 what was broken off before anybody read is gone, and looks as if there had been none.
  if (request.aborted && !request.readableDidRead) return broken;
  if (!request.readableDidRead && !request.readableEnded) return unreadBody(request, limitBytes);
  return parsedBody(request, parsed, limitBytes);
}

/** RFC 9112 section 6.3: a request has a body only if one of these headers says so. HTTP/2 needs none of them. */
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
 * Bytes that a parser kept. Where the body came with a content coding, most parsers have undone it: their bytes are as
 * long as the request said only if they have not.
 */
function keptBytes(request: IncomingMessage, bytes: Uint8Array, limitBytes: number): RequestBody {
  const { headers } = request;
  const asReceived = headers['content-encoding'] === undefined || hasLength(request, bytes.length) || isGzip(bytes);
  if (asReceived || bytes.length > limitBytes) return bounded(bytes, limitBytes);
  return { kind: 'value', value: bytes };
}

/** Tells what a parser kept of a chunked request, which says no length. */
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

/** A body that stands beside the stream, though no header announces one: adapters for serverless platforms set it. */
function givenBody(request: IncomingMessage, { body }: ParsedRequest, limitBytes: number): RequestBody | undefined {
  if (body instanceof Uint8Array) return keptBytes(request, body, limitBytes);
  if (typeof body === 'string') return keptBytes(request, Buffer.from(body), limitBytes);
  return body === undefined || body === null || isEmpty(body) ? undefined : { kind: 'value', value: body };
}

/** Parsers leave `{}` on requests that have no body, and on those that they leave alone. */
function isEmpty(body: unknown): boolean {
  return typeof body === 'object' && body !== null && isPlainObject(body) && Object.keys(body).length === 0;
}

/** More bytes than an empty object takes, white space and a content coding included. */
const moreThanEmpty = 64;

/**
 * True if somebody else has read what the parsers of Express 4 left alone: the `{}` that is there stands for nothing
 * then. They mark what they have read themselves by `_body`.
 */
function isLeftEmpty(request: IncomingMessage, { body, _body }: ParsedRequest): boolean {
  if (_body === true || !isEmpty(body)) return false;
  const { 'content-type': type = '', 'content-length': length } = request.headers;
  return Number(length) > moreThanEmpty || !/json|x-www-form-urlencoded/i.test(type);
}

/** A short body that has yet to come is tapped on its way into the stream. Any other is read, and put back. */
function unreadBody(request: IncomingMessage, limitBytes: number): RequestBody | Promise<RequestBody> {
  if (request._read === IncomingMessage.prototype._read && tapNodeBody(request)) return comingBody(request, limitBytes);
  return readStream(request, limitBytes);
}

async function readStream(request: IncomingMessage, limitBytes: number): Promise<RequestBody> {
  if (Number(request.headers['content-length']) > limitBytes) return tooLarge;
  // A small body comes in one piece with the head, and is all here as soon as the parser has run to its end.
  await undefined;
  if (request.destroyed) return broken;
  return new BodyReader(request, limitBytes).read();
}

/**
 * True if these bytes are the whole body. Node's own requests have taken in all of it when they are complete. Those of
 * adapters for Lambda say that they are from the start, and get their body only when somebody reads.
 */
function isWhole(request: IncomingMessage, bytes: number): boolean {
  if (hasLength(request, bytes)) return true;
  return isComplete(request) && (bytes > 0 || isFedByNode(request));
}

/**
 * Reads in paused mode. The moment the message is complete it puts everything back, synchronously and so before
 * the stream can emit `end`.
 */
class BodyReader {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #resolve: ((body: RequestBody) => void) | undefined;

  constructor(request: IncomingMessage, limit: number) {
    this.#request = request;
    this.#limit = limit;
  }

  read(): RequestBody | Promise<RequestBody> {
    const found = this.#request.readableLength > 0 || isWhole(this.#request, this.#size) ? this.#take() : undefined;
    return found ?? this.#wait();
  }

  #wait(): Promise<RequestBody> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#request.on('readable', this.#onReadable);
      this.#request.on('close', this.#onClose);
      this.#request.on('end', this.#onEnd);
    });
  }

  readonly #onReadable = () => {
    const found = this.#take();
    if (found !== undefined) this.#finish(found);
  };

  readonly #onClose = () => this.#finish(broken);

  /** Too late to put anything back. */
  readonly #onEnd = () => this.#finish(this.#request.aborted ? broken : consumed);

  /** Takes what has come; gives the body once it is known. */
  #take(): RequestBody | undefined {
    this.#drain();
    if (this.#size > this.#limit) return this.#putBack(tooLarge);
    if (!isWhole(this.#request, this.#size)) return undefined;
    const bytes = this.#joined();
    this.#chunks = [bytes];
    return this.#putBack({ kind: 'bytes', bytes });
  }

  /** Doesn't touch an ended stream without data: reading there would make it emit `end` to nobody. */
  #drain(): void {
    const request = this.#request;
    while (request.readableLength > 0) {
      const chunk: Buffer | string | null = request.read();
      if (chunk === null) return;
      this.#add(chunk);
    }
  }

  #add(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, this.#request.readableEncoding ?? 'utf8') : chunk;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  #putBack(body: RequestBody): RequestBody {
    if (this.#size > 0) this.#request.unshift(this.#joined());
    return body;
  }

  #joined(): Buffer {
    const [first, second] = this.#chunks;
    return first !== undefined && second === undefined ? first : Buffer.concat(this.#chunks, this.#size);
  }

  #finish(body: RequestBody): void {
    this.#request.off('readable', this.#onReadable);
    this.#request.off('close', this.#onClose);
    this.#request.off('end', this.#onEnd);
    this.#resolve?.(body);
  }
}
