/**
 * The end of an answer, held back until the answer is stored, and how its response looks meanwhile: as it would without
 * the layer.
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

/** What `node:http` keeps on a response: its own getters, and middleware, read it. */
interface Internals {
  finished: boolean;
}

const holder = Symbol('latchkey.holder');
const originalDestroy = Symbol('latchkey.destroy');

interface HeldSocket extends Socket {
  [holder]?: HeldEnd | undefined;
  [originalDestroy]?: Socket['destroy'];
}

/** The client's end and network errors go through; so does everything while nothing is held. */
function destroy(this: HeldSocket, error?: Error): Socket {
  const held = this[holder];
  if (held === undefined || error !== undefined || !this.writable) {
    return (this[originalDestroy] as Socket['destroy']).call(this, error);
  }
  held.cutLater();
  return this;
}

/**
 * While it is there, the application can't destroy the socket before the answer has left. Express does that when a
 * handler throws after it has answered: without the layer its answer is out by then.
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
    // HTTP/2 has many responses on one socket, and gives a stand-in for it.
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
   * response that has no socket yet would be taken for one that has gone out, and of one that is written in pieces a
   * middleware in front, compression for one, may have pieces left to write.
   */
  show(inPieces: boolean): void {
    const response = this.#response;
    this.#isEnded = true;
    if (!this.#isHttp2 && response.socket !== null && !inPieces) (response as unknown as Internals).finished = true;
    else Object.defineProperty(response, 'writableEnded', { value: true, configurable: true });
  }

  /** Something is about to be written: the response must not look ended, as far as `end` looks at it. */
  open(): void {
    if (!this.#isHttp2) (this.#response as unknown as Internals).finished = false;
  }

  /** True if the handler has called `end`: more is an error then. Over HTTP/2 that would cost the answer. */
  get refusesMore(): boolean {
    return this.#isEnded && !this.#isHttp2;
  }

  /** Fails a write, as Node does. */
  refuse(callback: unknown): false {
    const error = errorOf('ERR_STREAM_WRITE_AFTER_END', 'write after end');
    process.nextTick(() => {
      if (isCallback(callback)) callback(error);
      this.#fail(error);
    });
    return false;
  }

  /** An error that nobody listens for ends the process: that has to wait until the answer is stored and sent. */
  #fail(error: Error): void {
    const response = this.#response;
    if (response.listenerCount('error') > 0) {
      if (!isDestroyed(response)) response.emit('error', error);
    } else if (!this.#failsLater) {
      this.#failsLater = true;
      response.once('finish', () => process.nextTick(() => response.emit('error', error)));
    }
  }

  /** The application destroys the connection: that is done when the answer is out. */
  cutLater(): void {
    this.#cutsLater = true;
  }

  /** The handler's answer goes out. Middleware in front of the guard may destroy the connection in place of sending it. */
  send({ end }: Originals): void {
    const socket = this.#socket;
    if (!this.#isHttp2) (this.#response as unknown as Internals).finished = false;
    if (socket !== null) socket[holder] = undefined;
    Reflect.apply(end, this.#response, this.#call);
    // A middleware in front of the guard, compression for one, may not be done with it.
    if (socket !== null && !socket.destroyed && !this.#response.writableFinished) socket[holder] = this;
    else this.letGo();
  }

  /** All that will be written has been, and has left: the socket is the application's again. */
  letGo(): void {
    const socket = this.#socket;
    if (socket === null) return;
    if (socket[holder] === this) socket[holder] = undefined;
    if (this.#cutsLater) socket.destroy();
  }
}

/** A write after the end, or one that goes nowhere. */
export function dropWrite(held: HeldEnd | undefined, encoding: unknown, callback: unknown): boolean {
  if (held?.refusesMore !== true) return acknowledge(encoding, callback);
  return held.refuse(isCallback(encoding) ? encoding : callback);
}

/** An end after the end, or one that goes nowhere. */
export function dropEnd(response: ServerResponse, held: HeldEnd | undefined, call: EndCall): void {
  const [chunk] = call;
  const found = call.find(isCallback);
  if (chunk && !isCallback(chunk) && held?.refusesMore === true) held.refuse(found);
  else if (found !== undefined) response.once('finish', found);
}

/** What a write that goes nowhere does. */
export function acknowledge(encoding: unknown, callback: unknown): true {
  const found = isCallback(encoding) ? encoding : callback;
  if (isCallback(found)) process.nextTick(found);
  return true;
}

export function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** What Node throws when a header is changed too late. */
export function headersSent(response: ServerResponse): Error {
  if (isHttp2(response)) return errorOf('ERR_HTTP2_HEADERS_SENT', 'Response has already been initiated.');
  return errorOf('ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
