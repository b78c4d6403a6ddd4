/**
 * One timer for many entries that become due.
 *
 * @module
 */

import type { Runtime, TimerHandle } from '../runtime.ts';
import { Linked, LinkedList } from './linked-list.ts';

/** An entry that becomes due. */
export abstract class Due extends Linked {
  /** The time on the monotonic clock; Infinity if it is not due. */
  abstract readonly dueAt: number;

  /** Called at `dueAt` or later; sets a later `dueAt`, or removes itself. */
  abstract due(now: number): void;
}

/**
 * Calls its entries when they are due. The timer is set to the earliest time, and set again only for an earlier one: a
 * timer that fires early costs less than one that is cleared and set for each request.
 */
export class DueTimer extends LinkedList<Due> {
  readonly #runtime: Runtime;
  #handle: TimerHandle;
  /** When the timer fires; Infinity if it isn't set. */
  #firesAt = Number.POSITIVE_INFINITY;
  #holders = 0;

  constructor(runtime: Runtime) {
    super();
    this.#runtime = runtime;
  }

  override add(entry: Due): void {
    super.add(entry);
    if (entry.dueAt < this.#firesAt) this.#set(entry.dueAt);
  }

  /** Must be called when an entry becomes due earlier than before. */
  moved(entry: Due): void {
    if (this.has(entry) && entry.dueAt < this.#firesAt) this.#set(entry.dueAt);
  }

  /**
   * Makes the timer keep the process alive until {@link DueTimer.release}: a call that waits has no connection that
   * would do so.
   */
  hold(): void {
    this.#holders += 1;
    if (this.#holders === 1) this.#restart();
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#restart();
  }

  #set(at: number): void {
    const { clock, timers } = this.#runtime;
    if (this.#firesAt !== Number.POSITIVE_INFINITY) timers.clear(this.#handle);
    this.#firesAt = at;
    // Timers count whole milliseconds: rounding down would make them fire too early, with nothing due.
    const delayMs = Math.max(0, Math.ceil(at - clock.monotonic()));
    this.#handle = timers.set(() => this.#fire(), delayMs, this.#holders > 0 ? undefined : 'idle');
  }

  #restart(): void {
    if (this.#firesAt !== Number.POSITIVE_INFINITY) this.#runtime.timers.clear(this.#handle);
    this.#setNext();
  }

  #fire(): void {
    // Entries that become due meanwhile set no timer: the next time is determined at the end.
    this.#firesAt = Number.NEGATIVE_INFINITY;
    const now = this.#runtime.clock.monotonic();
    for (const entry of this.all()) {
      // An entry may have removed another one.
      if (entry.dueAt <= now && this.has(entry)) callDue(entry, now);
    }
    this.#setNext();
  }

  #setNext(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.all()) if (dueAt < next) next = dueAt;
    if (next !== Number.POSITIVE_INFINITY) this.#set(next);
  }
}

/** An error in one entry must not delay the others: it is rethrown as an uncaught exception. */
function callDue(entry: Due, now: number): void {
  try {
    entry.due(now);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
