/**
 * Tells the handler's answer from one that somebody in front of the guard gives on the same response, such as a
 * middleware that answers 503 after a time while the handler still works.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';

/** The exchange of the handler that the code at hand belongs to. */
const running = new AsyncLocalStorage<object>();

const belonging = Symbol('latchkey.inside');

const emitting = Symbol('latchkey.emit');

interface Inside extends IncomingMessage {
  [belonging]: object;
  [emitting]: (...args: unknown[]) => boolean;
}

/** What comes out of the connection knows nothing of the handler. */
function emit(this: Inside, ...args: unknown[]): boolean {
  const exchange = this[belonging];
  // Entering a context that is there already would cost a request a third of its time.
  return isOutside(exchange) ? running.run(exchange, () => this[emitting](...args)) : this[emitting](...args);
}

/** An exchange that runs its handler; a promise tells when that has returned, where the framework lets one know. */
interface Running {
  run(): Promise<unknown> | undefined;
}

/** Shared by all requests, which is cheaper than a closure for each. */
function run(exchange: Running): Promise<unknown> | undefined {
  return exchange.run();
}

/** Runs the handler of an exchange, so that what it does is known for its own. */
export function runInside(exchange: Running): Promise<unknown> | undefined {
  return running.run(exchange, run, exchange);
}

/**
 * What listeners of the request do belongs to the handler too, such as a parser that reads the body by its events. Not
 * needed while the whole body lies in the request: then its events come from the handler's own reading.
 */
export function takeEventsInside(exchange: object, request: IncomingMessage): void {
  if (emitting in request) return;
  const inside = request as Inside;
  inside[belonging] = exchange;
  inside[emitting] = inside.emit as Inside[typeof emitting];
  inside.emit = emit;
}

/**
 * True for code that the handler of this exchange did not start. Some of that is the handler's all the same: callbacks of
 * libraries that queue work for many requests lose the context.
 */
export function isOutside(exchange: object): boolean {
  return running.getStore() !== exchange;
}

/** True if an answer of this status, given now, is somebody's in front of the handler: others answer with no other status. */
export function isOuterAnswer(exchange: object, status: number): boolean {
  return (status >= 500 || status === 408) && running.getStore() !== exchange;
}
