/**
 * Tells the handler's answer from one that somebody in front of the guard gives on the same response, such as a
 * middleware that answers 503 after a time while the handler still works.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';

/** The capture of the handler that the code at hand belongs to. */
const running = new AsyncLocalStorage<object>();

const capturing = Symbol('latchkey.inside');

const emitting = Symbol('latchkey.emit');

interface Inside extends IncomingMessage {
  [capturing]: object;
  [emitting]: (...args: unknown[]) => boolean;
}

/** Parsers read the body by its events, which come out of the connection and know nothing of the handler. */
function emit(this: Inside, ...args: unknown[]): boolean {
  const capture = this[capturing];
  // Entering a context that is there already would cost a request a third of its time.
  return isOutside(capture) ? running.run(capture, () => this[emitting](...args)) : this[emitting](...args);
}

/** Runs the handler of a capture, so that what it does is known for its own. */
export function runInside<Result>(capture: object, request: IncomingMessage, run: () => Result): Result {
  const inside = request as Inside;
  inside[capturing] = capture;
  inside[emitting] = inside.emit as Inside[typeof emitting];
  inside.emit = emit;
  return running.run(capture, run);
}

/**
 * True for code that the handler of this capture did not start. Some of that is the handler's all the same: callbacks of
 * libraries that queue work for many requests lose the context.
 */
export function isOutside(capture: object): boolean {
  return running.getStore() !== capture;
}

/** Statuses with which somebody in front of the handler answers in its place. */
export function maySpeakForOthers(status: number): boolean {
  return status >= 500 || status === 408;
}
