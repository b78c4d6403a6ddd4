/**
 * The raw response under a Fastify reply while the guard handles it. Traps on its functions detect writes that bypass
 * Fastify. Nearly all answers reach the guard through `onSend` instead. While such an answer is held, the response
 * looks as if it had been sent.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { dropEnd, dropWrite, HeldEnd, headersSent } from '../node-http/held-end.ts';
import { hideHeadSent, isDestroyed, isHttp2, showHeadSent } from '../node-http/response-head.ts';

/** The owner of the traps. */
export interface TrapOwner {
  /**
   * Called before a write, before the head is sent, or before the response is destroyed. True if the call continues,
   * with the functions that the response has by then.
   */
  letsPass(): boolean;
  /** The response was closed. */
  closed(): void;
}

type TrappedName = 'write' | 'end' | 'writeHead' | 'flushHeaders' | 'destroy';

/** A function of a response, with any overloads. */
type Method = (this: ServerResponse, ...args: readonly unknown[]) => unknown;
type Methods = { -readonly [Name in TrappedName]: Method };

const trapping = Symbol('latchkey.traps');

/** All responses share the traps, like the functions of the full capture. */
type Trapped = ServerResponse & { [trapping]: RawResponse };

function spring(response: Trapped, name: TrappedName, args: readonly unknown[]): unknown {
  const raw = response[trapping];
  if (!raw.owner.letsPass()) return raw.refuse(name, args);
  return Reflect.apply((response as unknown as Methods)[name], response, args);
}

function write(this: Trapped, ...args: readonly unknown[]): unknown {
  return spring(this, 'write', args);
}

function end(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'end', args);
  return this;
}

function writeHead(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'writeHead', args);
  return this;
}

function flushHeaders(this: Trapped, ...args: readonly unknown[]): void {
  spring(this, 'flushHeaders', args);
}

function destroy(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'destroy', args);
  return this;
}

function onClose(this: Trapped): void {
  this[trapping].owner.closed();
}

const noCall = [undefined, undefined, undefined] as const;

/** The raw response under a Fastify reply. */
export class RawResponse {
  readonly owner: TrapOwner;
  readonly #response: ServerResponse;
  readonly #write: unknown;
  readonly #end: unknown;
  readonly #writeHead: unknown;
  readonly #flushHeaders: unknown;
  readonly #destroy: unknown;
  #held: HeldEnd | undefined;
  #showsHead = false;

  constructor(response: ServerResponse, owner: TrapOwner) {
    this.owner = owner;
    this.#response = response;
    this.#write = response.write;
    this.#end = response.end;
    this.#writeHead = response.writeHead;
    this.#flushHeaders = response.flushHeaders;
    this.#destroy = response.destroy;
    const trapped = response as unknown as Methods & { [trapping]: RawResponse };
    trapped[trapping] = this;
    trapped.write = write as Method;
    trapped.end = end as Method;
    trapped.writeHead = writeHead as Method;
    trapped.flushHeaders = flushHeaders as Method;
    trapped.destroy = destroy as Method;
    response.on('close', onClose);
  }

  /**
   * Holds the answer until it is stored.
   *
   * @param isAnswered - true if the handler has answered; false if `finish` has, in which case later output of the
   * handler is dropped.
   */
  hold(isAnswered: boolean): void {
    const response = this.#response;
    const isOfHttp2 = isHttp2(response);
    // An HTTP/2 response whose stream is closed accepts no head.
    this.#showsHead = isAnswered && !(isOfHttp2 && isDestroyed(response));
    if (this.#showsHead) showHeadSent(response);
    this.#held = new HeldEnd(response, noCall, isOfHttp2);
    // After `finish` the response does not look sent: the reply that its handler awaits or returns settles when it is
    // sent.
    if (isAnswered) this.#held.show(false);
  }

  /** Replaces a call that must not continue. */
  refuse(name: TrappedName, [chunk, encoding, callback]: readonly unknown[]): unknown {
    const held = this.#held;
    if (held === undefined) return undefined;
    if (name === 'write') return dropWrite(held, encoding, callback);
    if (name === 'destroy') held.cutLater();
    else if (name === 'end') dropEnd(this.#response, held, [chunk, encoding, callback]);
    else if (name === 'writeHead' && this.#showsHead) throw headersSent(this.#response);
    return false;
  }

  /** The answer may be sent: the response must no longer look sent. */
  open(): void {
    this.release();
    if (this.#held === undefined) return;
    if (this.#showsHead) hideHeadSent(this.#response);
    this.#held.open();
    if (Object.hasOwn(this.#response, 'writableEnded')) Reflect.deleteProperty(this.#response, 'writableEnded');
  }

  /** Restores the functions of the response. Deleting the traps instead would make it a slow object. */
  release(): void {
    const response = this.#response as unknown as { [Name in TrappedName]: unknown };
    response.write = this.#write;
    response.end = this.#end;
    response.writeHead = this.#writeHead;
    response.flushHeaders = this.#flushHeaders;
    response.destroy = this.#destroy;
  }

  /** The answer has been sent: carries out a `destroy` that the application has called meanwhile. */
  letGo(): void {
    this.#held?.letGo();
  }
}
