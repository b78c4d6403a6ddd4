/**
 * Calls to a store under a bound: each call has a time limit, and failed ones are repeated until a deadline.
 *
 * @module
 */

import type { Emit } from '../emitter.ts';
import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import { type Runtime, sleep, type TimerHandle } from '../runtime.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';

const retryBackoff: BackoffLimits = { baseMs: 25, capMs: 1_000 };

/** What a call is for, in events and messages. */
export interface CallLabel {
  readonly operation: string;
  readonly during: string;
}

/** Settles like `call`, or rejects with `store-unavailable` after `limitMs` milliseconds. */
export function withTimeLimit<T>(runtime: Runtime, limitMs: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false;
    let timer: TimerHandle;
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V) => {
        settled = true;
        if (timer !== undefined) runtime.timers.clear(timer);
        how(value);
      };
    call.then(settle(resolve), settle(reject));
    // A store in memory has answered by the next microtask: a timer would cost more than the call.
    queueMicrotask(() => {
      if (settled) return;
      const tooLate = () =>
        reject(new StoreUnavailableError(`The store did not answer within ${Math.ceil(limitMs)} ms.`));
      timer = runtime.timers.set(tooLate, limitMs);
    });
  });
}

/** True if repeating the call can't help: the store said what is wrong, or when to come back. */
export function isFinalStoreError(error: unknown): boolean {
  if (!(error instanceof LatchkeyError)) return false;
  return error.code !== 'store-unavailable' || error.retryAfterMs !== undefined;
}

/** What every repeated call needs. */
export interface CallTools {
  readonly runtime: Runtime;
  readonly emit: Emit;
}

/**
 * Calls until an answer comes or `deadline` (on the monotonic clock) has passed; at least once.
 *
 * @throws what the last call threw.
 */
export async function callUntil<T>(
  tools: CallTools,
  deadline: number,
  label: CallLabel,
  call: () => Promise<T>,
): Promise<T> {
  const { clock, timers, random } = tools.runtime;
  for (let retry = 0; ; retry += 1) {
    try {
      return await withTimeLimit(tools.runtime, Math.max(deadline - clock.monotonic(), 1), call());
    } catch (error) {
      tools.emit?.({ type: 'store-error', ...label, error });
      const delayMs = backoffMs(retry, retryBackoff, random);
      if (isFinalStoreError(error) || clock.monotonic() + delayMs >= deadline) throw error;
      await sleep(timers, delayMs);
    }
  }
}
