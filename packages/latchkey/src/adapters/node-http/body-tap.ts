/**
 * Gathers the body of a `node:http` request on its way into the stream, beside whoever reads it there.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { RequestBody } from '../../http/exchange.ts';
import { ByteGatherer } from '../../http/response/byte-gatherer.ts';

type Push = IncomingMessage['push'];

const tapping = Symbol('latchkey.bodyTap');

interface Tapped extends IncomingMessage {
  [tapping]?: BodyTap;
}

const tooLarge: RequestBody = { kind: 'too-large' };
const broken: RequestBody = { kind: 'broken' };

/** One body on its way. */
class BodyTap {
  /** The request's function that was there before. */
  readonly push: Push;
  readonly length: number;
  readonly #gatherer: ByteGatherer;
  #ended = false;
  #resolve: ((body: RequestBody) => void) | undefined;

  constructor(push: Push, length: number) {
    this.push = push;
    this.length = length;
    this.#gatherer = new ByteGatherer(length);
  }

  /** Nothing more will come. */
  get isOver(): boolean {
    return this.#ended || this.#gatherer.size >= this.length;
  }

  add(chunk: unknown, encoding: BufferEncoding | undefined): void {
    if (chunk === null) this.#ended = true;
    else if (chunk instanceof Uint8Array) this.#gatherer.add(chunk);
    else if (typeof chunk === 'string') this.#gatherer.add(Buffer.from(chunk, encoding));
    if (this.#resolve !== undefined && this.isOver) this.#resolve(this.body());
  }

  /** Over HTTP/2, what a client broke off ends like any other body, but short of its length. */
  body(): RequestBody {
    if (this.#gatherer.size < this.length) return broken;
    return this.#gatherer.tooLarge ? tooLarge : { kind: 'bytes', bytes: this.#gatherer.whole() };
  }

  /** The body once it is over. */
  rest(request: IncomingMessage): Promise<RequestBody> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // A short body comes in one piece with the head, before this: most need no listener.
      queueMicrotask(() => {
        if (this.isOver) return;
        if (request.destroyed) resolve(broken);
        else request.once('close', () => resolve(broken));
      });
    });
  }
}

/** Shared by all requests, which is cheaper than a closure for each. */
function push(this: Tapped, chunk: unknown, encoding?: BufferEncoding): boolean {
  const tap = this[tapping] as BodyTap;
  tap.add(chunk, encoding);
  return tap.push.call(this, chunk, encoding);
}

/**
 * Taps the body of a request of which nothing has come yet. False for one that has to be read another way: whose
 * length isn't told, or is more than the stream takes in while nobody reads. A second guard finds the tap of the first.
 */
export function tapNodeBody(request: IncomingMessage): boolean {
  const tapped: Tapped = request;
  if (tapped[tapping] !== undefined) return true;
  const length = Number(request.headers['content-length']);
  if (!(length > 0 && length <= request.readableHighWaterMark)) return false;
  if (request.headers['transfer-encoding'] !== undefined || request.destroyed) return false;
  if (request.readableLength > 0 || request.readableDidRead || request.readableEnded) return false;
  tapped[tapping] = new BodyTap(request.push, length);
  tapped.push = push;
  return true;
}

/** The body of a tapped request, once it is here; the stream takes it in without anybody reading. */
export function comingBody(request: IncomingMessage, limitBytes: number): RequestBody | Promise<RequestBody> {
  const tap = (request as Tapped)[tapping] as BodyTap;
  if (tap.length > limitBytes) return tooLarge;
  return tap.isOver ? tap.body() : tap.rest(request);
}

/** The body of a tapped request; undefined if it wasn't tapped, or if its stream can still be read from its beginning. */
export function tappedBody(
  request: IncomingMessage,
  limitBytes: number,
): RequestBody | Promise<RequestBody> | undefined {
  const tap = (request as Tapped)[tapping];
  if (tap === undefined) return undefined;
  const isUnread = !tap.isOver && !request.readableDidRead;
  return isUnread && tap.length <= limitBytes ? undefined : comingBody(request, limitBytes);
}
