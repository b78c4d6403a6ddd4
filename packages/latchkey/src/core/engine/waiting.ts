/**
 * Waiting for a record to change: a notification where the store has them, and polling as the backstop, so that
 * a lost notification costs time and never correctness.
 *
 * @module
 */

import type { Operation } from '../operation.ts';
import { type Runtime, sleep } from '../runtime.ts';
import type { AnyStore } from '../store.ts';
import type { CallTools } from '../support/store-call.ts';

const firstPollMs = 25;
const slowestPollMs = 1_000;

/** Watches one record for one waiter. */
export class ChangeWaiter {
  readonly #runtime: Runtime;
  readonly #unwatch: (() => void) | undefined;
  #changed = new AbortController();
  #pollMs = firstPollMs;

  constructor(store: AnyStore, { id, name }: Operation, { runtime, emit }: CallTools) {
    this.#runtime = runtime;
    try {
      this.#unwatch = store.watch?.(id, () => this.#changed.abort());
    } catch (error) {
      emit?.({ type: 'store-error', operation: name, during: 'watch', error });
    }
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
