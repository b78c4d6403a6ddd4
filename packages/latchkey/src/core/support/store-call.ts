/**
 * Store calls with limits: each call has a time limit, and failed calls are repeated until a deadline.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import type { Emit } from '../log.ts';
import { type Runtime, sleep } from '../runtime.ts';
import { type BackoffLimits, backoffMs } from './backoff.ts';
import { Due, type DueTimer } from './due-timer.ts';

const retryBackoff: BackoffLimits = { baseMs: 25, capMs: 1_000 };

/** The parameters of every repeated call. */
export interface CallTools {
  readonly runtime: Runtime;
  readonly emit: Emit;
  /** Watches the time limits of calls; without it, each call has its own timer. */
  readonly timer?: DueTimer;
}

type TimedTools = CallTools & { readonly timer: DueTimer };

/** Settles like `call`, or rejects with `store-unavailable` after `limitMs` milliseconds, using its own timer. */
export function withTimeLimit<T>({ timers }: Runtime, limitMs: number, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.set(() => reject(notInTime()), limitMs);
    call.then(resolve, reject).finally(() => timers.clear(timer));
  });
}

/** Whether the store is full: something shorter may still fit. */
export function isFull(error: unknown): boolean {
  return error instanceof StoreUnavailableError && error.full;
}

/** True if repeating the call can't help: the store reported a permanent error or when to retry. */
export function isFinalStoreError(error: unknown): boolean {
  if (!(error instanceof LatchkeyError)) return false;
  return error.code !== 'store-unavailable' || error.retryAfterMs !== undefined;
}

/**
 * Calls until an answer comes or `deadline` (on the monotonic clock) has passed; at least once. The first call is made
 * without a loop; the loop begins after a failure.
 *
 * @param operation - the operation's name, for events.
 * @param during - the purpose of the call, for events.
 * @param isFinal - whether an error ends the repetition.
 * @throws the error of the last call.
 */
export function callUntil<T>(
  tools: CallTools,
  deadline: number,
  operation: string,
  during: string,
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = isFinalStoreError,
): Promise<T> {
  const again = (error: unknown) => callAgain(tools, { deadline, operation, during, isFinal }, call, error);
  return callOnce(tools, deadline, call, again);
}

/** Calls once. Rejects with `store-unavailable` at the deadline and drops a later answer. */
export function callBefore<T>(tools: CallTools, deadline: number, call: () => Promise<T>): Promise<T> {
  return callOnce(tools, deadline, call, (error) => Promise.reject(error));
}

type Failed<T> = (error: unknown) => Promise<T>;

function callOnce<T>(tools: CallTools, deadline: number, call: () => Promise<T>, failed: Failed<T>): Promise<T> {
  const { runtime, timer } = tools;
  if (timer !== undefined) return new PlainCall(tools as TimedTools, deadline, call, failed).result();
  const limitMs = Math.max(deadline - runtime.clock.monotonic(), 1);
  return withTimeLimit(runtime, limitMs, Promise.resolve().then(call)).catch(failed);
}

/**
 * A pending call and its time limit. An answer after the limit is dropped. The calls of every request extend it: one
 * object holds the call, its answer and its place in the timer.
 *
 * @typeParam Answer - what the store answers.
 * @typeParam Result - what the answer means to the caller.
 */
export abstract class TimedCall<Answer, Result> extends Due {
  protected abstract readonly tools: TimedTools;
  #resolve!: (result: Result | Promise<Result>) => void;

  /** Calls the store. */
  protected abstract send(): Promise<Answer>;

  /** Returns what the answer means. Must not throw. */
  protected abstract accept(answer: Answer): Result | Promise<Result>;

  /** Called if the call failed, or has no answer at its limit. */
  protected abstract failed(error: unknown): Promise<Result>;

  /**
   * Repeats the call after a failure until an answer comes or the deadline has passed. The parameters are those of
   * {@link callUntil}.
   */
  protected again(error: unknown, operation: string, during: string, isFinal = isFinalStoreError): Promise<Answer> {
    return callAgain(this.tools, { deadline: this.dueAt, operation, during, isFinal }, () => this.send(), error);
  }

  /** Makes the call. */
  result(): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.#resolve = resolve;
    this.tools.timer.add(this);
    try {
      this.send().then(
        (answer) => {
          if (this.tools.timer.delete(this)) this.#resolve(this.accept(answer));
        },
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      // A store that throws synchronously has failed like one that rejects.
      this.#fail(error);
    }
    return promise;
  }

  override due(): void {
    this.#fail(notInTime());
  }

  #fail(error: unknown): void {
    if (this.tools.timer.delete(this)) this.#resolve(this.failed(error));
  }
}

/** The error for an answer that comes too late. */
export function notInTime(): StoreUnavailableError {
  return new StoreUnavailableError('The store did not answer in time.');
}

class PlainCall<T> extends TimedCall<T, T> {
  protected override readonly tools: TimedTools;
  override readonly dueAt: number;
  protected override readonly send: () => Promise<T>;
  protected override readonly failed: Failed<T>;

  constructor(tools: TimedTools, deadline: number, call: () => Promise<T>, failed: Failed<T>) {
    super();
    this.tools = tools;
    this.dueAt = deadline;
    this.send = call;
    this.failed = failed;
  }

  protected override accept(answer: T): T {
    return answer;
  }
}

interface RepeatedCall {
  readonly deadline: number;
  readonly operation: string;
  readonly during: string;
  readonly isFinal: (error: unknown) => boolean;
}

async function callAgain<T>(
  tools: CallTools,
  { deadline, operation, during, isFinal }: RepeatedCall,
  call: () => Promise<T>,
  firstError: unknown,
): Promise<T> {
  const { clock, timers, random } = tools.runtime;
  let error = firstError;
  for (let retry = 0; ; retry += 1) {
    tools.emit?.({ type: 'store-error', operation, during, error });
    const delayMs = backoffMs(retry, retryBackoff, random);
    if (isFinal(error) || clock.monotonic() + delayMs >= deadline) throw error;
    await sleep(timers, delayMs);
    try {
      return await callBefore(tools, deadline, call);
    } catch (next) {
      error = next;
    }
  }
}
