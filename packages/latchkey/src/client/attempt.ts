/**
 * One request with its whole answer, within a time limit.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';

/** The limits of one attempt. */
export interface AttemptLimits {
  readonly attemptTimeoutMs: number;
  readonly maxResponseBytes: number;
}

/** The answer is longer than `maxResponseBytes`; it is not retried. */
export class AnswerTooLarge extends Error {}

/** Reads the body to its end, so that an answer cut short by a lost connection is not accepted. */
async function wholeAnswer(sent: Promise<Response>, maxBytes: number, cut: AbortSignal): Promise<Response> {
  const response = await sent;
  // Reading the clone keeps the same bytes in the original for the caller.
  const reader = response.clone().body?.getReader();
  let total = 0;
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    cut.throwIfAborted();
    total += read.value.byteLength;
    if (total > maxBytes) throw new AnswerTooLarge();
  }
  return response;
}

/**
 * Sends once and resolves with a response whose body is complete. Rejects as `send` does, with a TimeoutError, or with
 * the reason of `signal`, even if `send` ignores its own signal.
 */
export async function attemptOnce(
  send: (signal: AbortSignal) => Promise<Response>,
  { attemptTimeoutMs, maxResponseBytes }: AttemptLimits,
  timers: Timers,
  signal: AbortSignal,
): Promise<Response> {
  signal.throwIfAborted();
  const cut = new AbortController();
  const relay = () => cut.abort(signal.reason);
  signal.addEventListener('abort', relay);
  const late = new DOMException(`No answer within ${attemptTimeoutMs} ms`, 'TimeoutError');
  const timer = timers.set(() => cut.abort(late), attemptTimeoutMs);
  const aborted = new Promise<never>((_, reject) => {
    cut.signal.addEventListener('abort', () => reject(cut.signal.reason));
  });
  try {
    return await Promise.race([aborted, wholeAnswer(send(cut.signal), maxResponseBytes, cut.signal)]);
  } catch (error) {
    cut.abort(error);
    throw error;
  } finally {
    timers.clear(timer);
    signal.removeEventListener('abort', relay);
  }
}
