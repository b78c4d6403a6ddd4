/**
 * Distinguishes the handler's answer from one that middleware before the guard gives on the same response, such as a
 * 503 after a timeout while the handler still runs.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';

/** An exchange, as far as the owner of an answer depends on it. */
export interface Owner {
  /**
   * True once the handler has returned or thrown, in a framework that then writes its answer outside the handler's
   * asynchronous context.
   */
  readonly hasReturned: boolean;
}

/** The exchange of the handler to which the current code belongs. */
const running = new AsyncLocalStorage<Owner>();

const belonging = Symbol('latchkey.inside');

const emitting = Symbol('latchkey.emit');

interface Inside extends IncomingMessage {
  [belonging]: Owner;
  [emitting]: (...args: unknown[]) => boolean;
}

/** Events of the connection don't have the handler's asynchronous context. */
function emit(this: Inside, ...args: unknown[]): boolean {
  const exchange = this[belonging];
  // Entering a context that is already active would cost a request a third of its time.
  return isOutside(exchange) ? running.run(exchange, () => this[emitting](...args)) : this[emitting](...args);
}

/** An exchange that runs its handler; returns a promise for its return if the framework provides one. */
interface Running extends Owner {
  run(): Promise<unknown> | undefined;
}

/** Shared by all requests, which is cheaper than one closure per request. */
function run(exchange: Running): Promise<unknown> | undefined {
  return exchange.run();
}

/** Runs the handler of an exchange, so that what it does is known for its own. */
export function runInside(exchange: Running): Promise<unknown> | undefined {
  return running.run(exchange, run, exchange);
}

/**
 * Runs the request's listeners, such as a parser that reads the body by events, in the handler's context too. Not
 * needed while the request already has the complete body: its events then come from the handler's own reading.
 */
export function takeEventsInside(exchange: Owner, request: IncomingMessage): void {
  if (emitting in request) return;
  const inside = request as Inside;
  inside[belonging] = exchange;
  inside[emitting] = inside.emit as Inside[typeof emitting];
  inside.emit = emit;
}

/**
 * True for code outside the context of this exchange's handler. Some of that code still belongs to the handler:
 * callbacks of libraries that queue work for many requests lose the context.
 */
export function isOutside(exchange: Owner): boolean {
  return running.getStore() !== exchange && !exchange.hasReturned;
}

/**
 * True if an answer with this status, given now, comes from middleware before the handler, which answers with no other
 * status.
 */
export function isOuterAnswer(exchange: Owner, status: number): boolean {
  return (status >= 500 || status === 408) && running.getStore() !== exchange && !exchange.hasReturned;
}
