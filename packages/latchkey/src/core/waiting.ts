/**
 * Waiting for a record to change: a notification where the store has them, and polling as the backstop, so that
 * a lost notification costs time and never correctness.
 *
 * @module
 */

import { type Runtime, sleep } from './runtime.ts';
import type { AnyStore } from './store.ts';

const firstPollMs = 25;
const slowestPollMs = 1_000;

/** Watches one record for one waiter. */
export class ChangeWaiter {
  readonly #runtime: Runtime;
  readonly #unwatch: (() => void) | undefined;
  #changed = new AbortController();
  #pollMs = firstPollMs;

  constructor(store: AnyStore, id: string, runtime: Runtime) {
    this.#runtime = runtime;
    this.#unwatch = store.watch?.(id, () => this.#changed.abort());
  }

  /** Resolves when the record may have changed, at the latest after `boundMs` milliseconds. */
  async next(boundMs: number): Promise<void> {
    await sleep(this.#runtime.timers, Math.min(this.#pollMs, boundMs), this.#changed.signal);
    if (this.#changed.signal.aborted) this.#changed = new AbortController();
    this.#pollMs = Math.min(this.#pollMs * 2, slowestPollMs);
  }

  close(): void {
    this.#unwatch?.();
  }
}
