/**
 * The end of an answer, held back until the answer is stored.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hideEnded, showEnded } from './response-looks.ts';
import type { Originals } from './response-overrides.ts';
import { acknowledge, isCallback, isDestroyed, isHttp2, writeAfterEnd } from './response-writes.ts';

/** The arguments of the call that ends the answer. */
export type EndCall = readonly [chunk: unknown, encoding: unknown, callback: unknown];

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
  readonly #socket: HeldSocket | null;
  #cutsLater = false;
  #isEnded = false;
  #failsLater = false;

  constructor(response: ServerResponse, call: EndCall) {
    this.#response = response;
    this.#call = call;
    // HTTP/2 has many responses on one socket, and gives a stand-in for it.
    this.#socket = isHttp2(response) ? null : (response.socket as HeldSocket | null);
    if (this.#socket === null) return;
    if (this.#socket[originalDestroy] === undefined) {
      this.#socket[originalDestroy] = this.#socket.destroy;
      this.#socket.destroy = destroy;
    }
    this.#socket[holder] = this;
  }

  /** The handler has called `end`, and the response looks so. */
  show(inPieces: boolean): void {
    this.#isEnded = true;
    showEnded(this.#response, inPieces);
  }

  /** True if the handler has called `end`: more is an error then. Over HTTP/2 that would cost the answer. */
  get refusesMore(): boolean {
    return this.#isEnded && !isHttp2(this.#response);
  }

  /** Fails a write, as Node does. */
  refuse(callback: unknown): false {
    const error = writeAfterEnd();
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

  /** Something is about to be written: the response must not look ended. */
  open(): void {
    hideEnded(this.#response);
  }

  /** The handler's answer goes out. Middleware in front of the guard may destroy the connection in place of sending it. */
  send({ end }: Originals): void {
    const socket = this.#socket;
    if (socket !== null) socket[holder] = undefined;
    Reflect.apply(end, this.#response, this.#call);
    if (socket !== null && !socket.destroyed) socket[holder] = this;
  }

  /** All that will be written has been; a middleware in front of the guard, compression for one, may not be done with it. */
  close(): void {
    if (this.#response.writableFinished) this.letGo();
    else this.#response.once('finish', () => this.letGo());
  }

  /** The socket is the application's again. */
  letGo(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket[holder] = undefined;
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
