/**
 * The invocations of one process. Lambda freezes the process after each answer and may thaw it at the next event, so
 * nothing of the guard may be under way in between: a call of the store would fail, and a timer would fire late.
 *
 * @module
 */

import type { Runtime, TimerHandle, Timers } from '../../core/runtime.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';

interface Timer {
  readonly callback: () => void;
  /** On the monotonic clock. */
  readonly dueAt: number;
  readonly kind: 'idle' | undefined;
  /** Undefined while no invocation runs. */
  handle: TimerHandle;
}

/** How long an invocation waits for work that outlasts its answer, such as a renewal without a reply. */
const longestWaitMs = 1_000;
const leastWaitMs = 250;

/**
 * Timers that only run while an invocation does, and the work that an answer has to wait for. Work that waits for a
 * timer, such as the next try to give back a claim whose reply was lost, resumes at the next invocation.
 */
export class Invocations implements Timers {
  readonly #runtime: Runtime;
  readonly #timers = new Set<Timer>();
  readonly #work = new Set<Promise<unknown>>();
  /** Usually 0 or 1; a function on managed instances has several. */
  #running = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  set(callback: () => void, delayMs: number, kind?: 'idle'): TimerHandle {
    const timer: Timer = { callback, dueAt: this.#now() + delayMs, kind, handle: undefined };
    this.#timers.add(timer);
    if (this.#running > 0) this.#start(timer);
    return timer;
  }

  clear(handle: TimerHandle): void {
    const timer = handle as Timer;
    this.#timers.delete(timer);
    this.#stop(timer);
  }

  /**
   * Must be called at the beginning of an invocation; {@link Invocations.end} must follow. Fires overdue timers: a short
   * invocation might end before its first turn of the event loop.
   */
  begin(): void {
    this.#running += 1;
    if (this.#running > 1) return;
    const now = this.#now();
    for (const timer of [...this.#timers]) {
      // A timer that fires may clear another one.
      if (!this.#timers.has(timer)) continue;
      if (timer.dueAt > now) this.#start(timer);
      else this.#fire(timer);
    }
  }

  /** Adds work that must be over at the end of the last invocation. It must not reject. */
  waitUntil(work: Promise<unknown>): void {
    this.#work.add(work);
    void work.then(() => this.#work.delete(work));
  }

  /**
   * Waits for the work under way, at most one second, and stops the timers, unless another invocation is running.
   *
   * @param endsAt - when the invocation must have ended, on the monotonic clock.
   */
  async end(endsAt = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#running === 1) {
      const now = this.#now();
      await this.#settle(now + Math.min(longestWaitMs, Math.max(leastWaitMs, endsAt - now)));
    }
    this.#running -= 1;
    if (this.#running === 0) for (const timer of this.#timers) this.#stop(timer);
  }

  async #settle(giveUpAt: number): Promise<void> {
    while (this.#work.size > 0) {
      const limitMs = giveUpAt - this.#now();
      if (limitMs <= 0) return;
      // A call of the store without a reply is given up.
      await withTimeLimit(this.#runtime, limitMs, Promise.all(this.#work)).catch(() => undefined);
    }
  }

  #now(): number {
    return this.#runtime.clock.monotonic();
  }

  #start(timer: Timer): void {
    const delayMs = Math.max(0, Math.ceil(timer.dueAt - this.#now()));
    timer.handle = this.#runtime.timers.set(() => this.#fire(timer), delayMs, timer.kind);
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    timer.callback();
  }

  #stop(timer: Timer): void {
    if (timer.handle !== undefined) this.#runtime.timers.clear(timer.handle);
    timer.handle = undefined;
  }
}
