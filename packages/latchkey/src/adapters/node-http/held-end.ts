/**
 * Holds the end of an answer until the answer is stored. Meanwhile the response looks as it would without the layer.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isDestroyed, isHttp2 } from './response-head.ts';
import type { Originals } from './response-overrides.ts';

/** The arguments of the call that ends the answer. */
export type EndCall = readonly [chunk: unknown, encoding: unknown, callback: unknown];

type Callback = (error?: Error) => void;

/** Internal state of a response in `node:http`, which its own getters and middleware read. */
interface Internals {
  finished: boolean;
}

const holder = Symbol('latchkey.holder');
const originalDestroy = Symbol('latchkey.destroy');

interface HeldSocket extends Socket {
  [holder]?: HeldEnd | undefined;
  [originalDestroy]?: Socket['destroy'];
}

/** The client's end and network errors pass through; so does everything while nothing is held. */
function destroy(this: HeldSocket, error?: Error): Socket {
  const held = this[holder];
  if (held === undefined || error !== undefined || !this.writable) {
    return (this[originalDestroy] as Socket['destroy']).call(this, error);
  }
  held.cutLater();
  return this;
}

/**
 * While this trap is set, the application can't destroy the socket before the answer is sent. Express destroys it when
 * a handler throws after it has answered; without the layer, the answer would already be sent by then.
 */
export class HeldEnd {
  readonly #response: ServerResponse;
  readonly #call: EndCall;
  readonly #isHttp2: boolean;
  readonly #socket: HeldSocket | null;
  #cutsLater = false;
  #isEnded = false;
  #failsLater = false;

  constructor(response: ServerResponse, call: EndCall, isOfHttp2: boolean) {
    this.#response = response;
    this.#call = call;
    this.#isHttp2 = isOfHttp2;
    // HTTP/2 has many responses on one socket, and exposes a proxy for it.
    this.#socket = isOfHttp2 ? null : (response.socket as HeldSocket | null);
    if (this.#socket === null) return;
    if (this.#socket[originalDestroy] === undefined) {
      this.#socket[originalDestroy] = this.#socket.destroy;
      this.#socket.destroy = destroy;
    }
    this.#socket[holder] = this;
  }

  /**
   * The handler has called `end`: `writableEnded` is true from here on, and `finished` where that is safe. A pipelined
   * response without a socket would look as if it had been sent, and earlier middleware, such as compression, may still
   * have data to write for a response in several writes.
   */
  show(inPieces: boolean): void {
    const response = this.#response;
    this.#isEnded = true;
    if (!this.#isHttp2 && response.socket !== null && !inPieces) (response as unknown as Internals).finished = true;
    else Object.defineProperty(response, 'writableEnded', { value: true, configurable: true });
  }

  /** Called before a write: the response must not look ended to `end`. */
  open(): void {
    if (!this.#isHttp2) (this.#response as unknown as Internals).finished = false;
  }

  /** True if the handler has called `end`: a further write is an error then. Over HTTP/2 it would lose the answer. */
  get refusesMore(): boolean {
    return this.#isEnded && !this.#isHttp2;
  }

  /** Fails a write like Node. */
  refuse(callback: unknown): false {
    const error = errorOf('ERR_STREAM_WRITE_AFTER_END', 'write after end');
    process.nextTick(() => {
      if (isCallback(callback)) callback(error);
      this.#fail(error);
    });
    return false;
  }

  /** An error without a listener ends the process: it must wait until the answer is stored and sent. */
  #fail(error: Error): void {
    const response = this.#response;
    if (response.listenerCount('error') > 0) {
      if (!isDestroyed(response)) response.emit('error', error);
    } else if (!this.#failsLater) {
      this.#failsLater = true;
      response.once('finish', () => process.nextTick(() => response.emit('error', error)));
    }
  }

  /** The application destroys the connection: this is done after the answer is sent. */
  cutLater(): void {
    this.#cutsLater = true;
  }

  /** Sends the handler's answer. Middleware before the guard may destroy the connection instead of sending it. */
  send({ end }: Originals): void {
    const socket = this.#socket;
    if (!this.#isHttp2) (this.#response as unknown as Internals).finished = false;
    if (socket !== null) socket[holder] = undefined;
    Reflect.apply(end, this.#response, this.#call);
    // Middleware before the guard, such as compression, may not have finished with it.
    if (socket !== null && !socket.destroyed && !this.#response.writableFinished) socket[holder] = this;
    else this.letGo();
  }

  /** All writes are done and sent: the application controls the socket again. */
  letGo(): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (socket[holder] === this) socket[holder] = undefined;
    if (this.#cutsLater) socket.destroy();
  }
}

/** A write after the end, or one that is dropped. */
export function dropWrite(held: HeldEnd | undefined, encoding: unknown, callback: unknown): boolean {
  if (held?.refusesMore !== true) return acknowledge(encoding, callback);
  return held.refuse(isCallback(encoding) ? encoding : callback);
}

/** An `end` after the end, or one that is dropped. */
export function dropEnd(response: ServerResponse, held: HeldEnd | undefined, call: EndCall): void {
  const [chunk] = call;
  const found = call.find(isCallback);
  if (chunk && !isCallback(chunk) && held?.refusesMore === true) held.refuse(found);
  else if (found !== undefined) response.once('finish', found);
}

/** Completes a write that is dropped. */
export function acknowledge(encoding: unknown, callback: unknown): true {
  const found = isCallback(encoding) ? encoding : callback;
  if (isCallback(found)) process.nextTick(found);
  return true;
}

export function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** The error that Node throws when a header is changed after the head is sent. */
export function headersSent(response: ServerResponse): Error {
  if (isHttp2(response)) return errorOf('ERR_HTTP2_HEADERS_SENT', 'Response has already been initiated.');
  return errorOf('ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
