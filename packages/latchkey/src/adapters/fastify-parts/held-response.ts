/**
 * An answer that Fastify is about to send, held back until it is stored. Meanwhile the reply looks as if it were sent.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { dropEnd, dropWrite, HeldEnd } from '../node-http/held-end.ts';
import { hideHeadSent, showHeadSent } from '../node-http/response-looks.ts';
import { headersSent, isDestroyed, isHttp2 } from '../node-http/response-writes.ts';
import type { TrappedCall } from './raw-traps.ts';

/**
 * - `idle`: the handler has not been entered.
 * - `running`: it has, and has not answered.
 * - `captured`: what it writes is captured from the raw response.
 * - `held`: its answer has reached `onSend`, and waits until it is stored.
 * - `finished`: `finish` has committed the answer, which waits to be sent.
 * - `placing`: an answer of the layer's own is on its way to `onSend`.
 * - `over`: the answer has passed the guard.
 */
export type Phase = 'idle' | 'running' | 'captured' | 'held' | 'finished' | 'placing' | 'over';

const noCall = [undefined, undefined, undefined] as const;

/** A response between the handler's answer and the moment when that goes out. */
export class HeldResponse {
  readonly #response: ServerResponse;
  readonly #end: HeldEnd;
  readonly #showsHead: boolean;

  /**
   * @param isAnswered - true if the handler has answered; false if `finish` has, and what the handler makes from here on
   *   is dropped.
   */
  constructor(response: ServerResponse, isAnswered: boolean) {
    this.#response = response;
    this.#end = new HeldEnd(response, noCall);
    // A response over HTTP/2 whose stream is closed takes no head.
    this.#showsHead = isAnswered && !(isHttp2(response) && isDestroyed(response));
    if (this.#showsHead) showHeadSent(response);
    // After `finish` nothing is shown: the reply that its handler waits for, or returns, is settled when it is sent.
    if (isAnswered) this.#end.show(false);
  }

  /** What a call does that comes too late. */
  refuse({ name, args }: TrappedCall): boolean {
    const [chunk, encoding, callback] = args;
    if (name === 'write') return dropWrite(this.#end, encoding, callback);
    if (name === 'destroy') this.#end.cutLater();
    else if (name === 'end') dropEnd(this.#response, this.#end, [chunk, encoding, callback]);
    else if (name === 'writeHead' && this.#showsHead) throw headersSent(this.#response);
    return false;
  }

  /** The answer may go out: the response must not look sent any more. */
  open(): void {
    if (this.#showsHead) hideHeadSent(this.#response);
    this.#end.open();
    if (Object.hasOwn(this.#response, 'writableEnded')) Reflect.deleteProperty(this.#response, 'writableEnded');
  }

  /** The answer is out: what the application wanted to destroy meanwhile is destroyed. */
  letGo(): void {
    this.#end.letGo();
  }
}
