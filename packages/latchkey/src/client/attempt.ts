/**
 * One request with its whole answer, cut when it takes too long.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';

/** The bounds of one attempt. */
export interface AttemptLimits {
  readonly attemptTimeoutMs: number;
  readonly maxResponseBytes: number;
}

/** The answer is longer than `maxResponseBytes`; not a reason to try again. */
export class AnswerTooLarge extends Error {}

/** Reads to the end, so that a connection that drops in mid-answer is seen before the answer counts. */
async function wholeAnswer(sent: Promise<Response>, maxBytes: number, cut: AbortSignal): Promise<Response> {
  const response = await sent;
  // The clone is read; what it was cloned from keeps the same bytes for the caller.
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
 * Sends once and resolves with a response whose body is all there. Rejects with what `send` rejects with, with a
 * TimeoutError, or with the reason of `signal`, even if `send` doesn't heed its own signal.
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
