/**
 * One timer for many things that come due.
 *
 * @module
 */

import type { Runtime, TimerHandle } from '../runtime.ts';
import { Linked, LinkedList } from './linked-list.ts';

/** Something that comes due. */
export abstract class Due extends Linked {
  /** The time on the monotonic clock; Infinity while there is none. */
  abstract readonly dueAt: number;

  /** Called at `dueAt` or later; sets a later `dueAt`, or removes itself. */
  abstract due(now: number): void;
}

/**
 * Watches what is in it. Its timer is set to the earliest time, and set again only when an earlier one arrives: a timer that
 * fires early costs less than one that is cleared and set for each request.
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

  /** Must be called when the time of an entry has become an earlier one. */
  moved(entry: Due): void {
    if (entry.next !== undefined && entry.dueAt < this.#firesAt) this.#set(entry.dueAt);
  }

  /** The timer keeps the process alive until {@link DueTimer.release}: a call that waits has no connection to do it. */
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
    // Timers count whole milliseconds: a fraction less would make them fire too early, for nothing.
    const delayMs = Math.max(0, Math.ceil(at - clock.monotonic()));
    this.#handle = timers.set(() => this.#fire(), delayMs, this.#holders > 0 ? undefined : 'idle');
  }

  #restart(): void {
    if (this.#firesAt !== Number.POSITIVE_INFINITY) this.#runtime.timers.clear(this.#handle);
    this.#setNext();
  }

  #fire(): void {
    // What becomes due meanwhile sets no timer: the next one is looked for at the end.
    this.#firesAt = Number.NEGATIVE_INFINITY;
    const now = this.#runtime.clock.monotonic();
    for (const entry of this.all()) {
      // One of them may have removed another one.
      if (entry.dueAt <= now && entry.next !== undefined) callDue(entry, now);
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

/** An error in one entry must not keep the others waiting: it is thrown where the process reports what nobody caught. */
function callDue(entry: Due, now: number): void {
  try {
    entry.due(now);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
