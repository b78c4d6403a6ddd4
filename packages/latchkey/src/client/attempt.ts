/**
 * One request with its whole answer, cut when it takes too long.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** The bounds of one attempt. */
export interface AttemptLimits {
  readonly attemptTimeoutMs: number;
  readonly maxResponseBytes: number;
}

/** The answer is longer than `maxResponseBytes`; not a reason to try again. */
export class AnswerTooLarge extends Error {}

/** Reads to the end, so that a connection that drops in mid-answer is seen before the answer counts. */
async function readAhead(response: Response, maxBytes: number, signal: AbortSignal): Promise<void> {
  // The clone is read; what it was cloned from keeps the same bytes for the caller.
  const reader = response.clone().body?.getReader();
  if (reader === undefined) return;
  let total = 0;
  for (;;) {
    const { done, value } = await untilAborted(reader.read(), signal);
    if (done) return;
    total += value.byteLength;
    if (total > maxBytes) throw new AnswerTooLarge();
  }
}

/**
 * Sends once and resolves with a response whose body is all there. Rejects with what `send` rejects with, with a
 * TimeoutError, or with the reason of `signal`.
 */
export async function attemptOnce(
  send: (signal: AbortSignal) => Promise<Response>,
  limits: AttemptLimits,
  timers: Timers,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  const cut = new AbortController();
  const relay = () => cut.abort(signal.reason);
  signal.addEventListener('abort', relay);
  const late = new DOMException(`No answer within ${limits.attemptTimeoutMs} ms`, 'TimeoutError');
  const timer = timers.set(() => cut.abort(late), limits.attemptTimeoutMs);
  try {
    const response = await untilAborted(send(cut.signal), cut.signal);
    await readAhead(response, limits.maxResponseBytes, cut.signal);
    return response;
  } catch (error) {
    cut.abort(error);
    throw error;
  } finally {
    timers.clear(timer);
    signal.removeEventListener('abort', relay);
  }
}
