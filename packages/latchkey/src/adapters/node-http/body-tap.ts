/**
 * Reads a short body of a `node:http` request on its way into the stream, which stays untouched for the next reader.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { RequestBody } from '../../http/exchange.ts';

const tooLarge: RequestBody = { kind: 'too-large' };
const broken: RequestBody = { kind: 'broken' };

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
  #rest: Promise<RequestBody> | undefined;

  constructor(request: IncomingMessage, length: number, waitsForEnd: boolean) {
    this.push = request.push;
    this.length = length;
    this.#waitsForEnd = waitsForEnd;
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

  /** Resolves with the body when it has ended. Two guards, and `peek`, may wait for it. */
  rest(request: IncomingMessage): Promise<RequestBody> {
    this.#rest ??= new Promise((resolve) => {
      this.#resolve = resolve;
      if (request.destroyed) resolve(broken);
      else request.on('close', onClose);
    });
    return this.#rest;
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
 *
 * @param isOfHttp1 - whether Node itself receives the request, over HTTP/1.
 */
export function tapNodeBody(request: IncomingMessage, isOfHttp1: boolean): boolean {
  const tapped: Tapped = request;
  if (tapped[tapping] !== undefined) return true;
  const length = Number(request.headers['content-length']);
  if (!(length > 0 && length <= request.readableHighWaterMark)) return false;
  if (request.headers['transfer-encoding'] !== undefined || request.destroyed) return false;
  if (request.readableLength > 0 || request.readableDidRead || request.readableEnded) return false;
  tapped[tapping] = new BodyTap(request, length, isOfHttp1);
  tapped.push = push;
  return true;
}

/** Returns the body of a tapped request once it has arrived; the stream buffers it without a reader. */
export function comingBody(request: IncomingMessage, limitBytes: number): RequestBody | Promise<RequestBody> {
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
