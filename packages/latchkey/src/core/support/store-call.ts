/**
 * Calls to a store under a bound: each call has a time limit, and failed ones are repeated until a deadline.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type Runtime, sleep } from '../runtime.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';
import { Due, type DueTimer } from './due-timer.ts';

const retryBackoff: BackoffLimits = { baseMs: 25, capMs: 1_000 };

/** What a call is for, in events and messages. */
export interface CallLabel {
  readonly operation: string;
  readonly during: string;
}

/** What every repeated call needs. */
export interface CallTools {
  readonly runtime: Runtime;
  readonly emit: Emit;
  /** Watches the time limits of calls; without it each call has a timer of its own. */
  readonly timer?: DueTimer;
}

/** The time limit of a call that has not been answered. What is answered after it is dropped. */
class TimeLimit extends Due {
  override readonly dueAt: number;
  readonly #timer: DueTimer;
  readonly #reject: (error: unknown) => void;

  constructor(timer: DueTimer, dueAt: number, reject: (error: unknown) => void) {
    super();
    this.#timer = timer;
    this.dueAt = dueAt;
    this.#reject = reject;
  }

  override due(): void {
    this.#timer.delete(this);
    this.#reject(new StoreUnavailableError('The store did not answer in time.'));
  }
}

/** Settles like `call`, or rejects with `store-unavailable` after `limitMs` milliseconds, by a timer of its own. */
export function withTimeLimit<T>({ timers }: Runtime, limitMs: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = () =>
      reject(new StoreUnavailableError(`The store did not answer within ${Math.ceil(limitMs)} ms.`));
    const timer = timers.set(tooLate, limitMs);
    call.then(resolve, reject).finally(() => timers.clear(timer));
  });
}

/** True if repeating the call can't help: the store said what is wrong, or when to come back. */
export function isFinalStoreError(error: unknown): boolean {
  if (!(error instanceof LatchkeyError)) return false;
  return error.code !== 'store-unavailable' || error.retryAfterMs !== undefined;
}

/**
 * Calls until an answer comes or `deadline` (on the monotonic clock) has passed; at least once. The first call is made as
 * it is: only what follows a failure is a loop.
 *
 * @throws what the last call threw.
 */
export function callUntil<T>(tools: CallTools, deadline: number, label: CallLabel, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    callOnce(tools, deadline, call, resolve, (error) => resolve(callAgain(tools, deadline, label, call, error)));
  });
}

/** Calls once; rejects with `store-unavailable` at the deadline, and drops what is answered later. */
export function callBefore<T>(tools: CallTools, deadline: number, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => callOnce(tools, deadline, call, resolve, reject));
}

function callOnce<T>(
  { runtime, timer }: CallTools,
  deadline: number,
  call: () => Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  if (timer === undefined) {
    const limitMs = Math.max(deadline - runtime.clock.monotonic(), 1);
    withTimeLimit(runtime, limitMs, begun(call)).then(resolve, reject);
    return;
  }
  const limit = new TimeLimit(timer, deadline, reject);
  timer.add(limit);
  const failed = (error: unknown) => {
    if (timer.delete(limit)) reject(error);
  };
  try {
    call().then((value) => {
      if (timer.delete(limit)) resolve(value);
    }, failed);
  } catch (error) {
    // A store that throws at once has failed like one that rejects.
    failed(error);
  }
}

/** Async, so that a store which throws at once is seen like one that rejects. */
async function begun<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

async function callAgain<T>(
  tools: CallTools,
  deadline: number,
  label: CallLabel,
  call: () => Promise<T>,
  firstError: unknown,
): Promise<T> {
  const { clock, timers, random } = tools.runtime;
  let error = firstError;
  for (let retry = 0; ; retry += 1) {
    tools.emit?.({ type: 'store-error', ...label, error });
    const delayMs = backoffMs(retry, retryBackoff, random);
    if (isFinalStoreError(error) || clock.monotonic() + delayMs >= deadline) throw error;
    await sleep(timers, delayMs);
    try {
      return await callBefore(tools, deadline, call);
    } catch (next) {
      error = next;
    }
  }
}
