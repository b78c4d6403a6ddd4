/**
 * The operations that run in this process, for a shutdown that leaves none of them behind.
 *
 * @module
 */

import type { Operation } from '../operation.ts';
import { sleep } from '../runtime.ts';
import type { AnyStore, Owner } from '../store.ts';
import { type CallTools, withTimeLimit } from '../support/store-call.ts';
import type { RunningContext } from './attempt-context.ts';

const abandonLimitMs = 2_000;

/** One running operation. */
export interface Running {
  readonly operation: Operation;
  readonly owner: Owner;
  readonly context: RunningContext;
}

/** Keeps count of what is under way, from before its claim, and knows what runs. */
export class RunningSet {
  readonly #store: AnyStore;
  readonly #tools: CallTools;
  readonly #running = new Set<Running>();
  /** Made by shutdown: while a module loads, when most guards are made, workerd lets nobody make one. */
  #empty: AbortController | undefined;
  #underWay = 0;
  /** True once shutdown has begun. */
  closing = false;
  /** True once shutdown waits no longer: a claim that is answered now comes too late to run. */
  ended = false;

  constructor(store: AnyStore, tools: CallTools) {
    this.#store = store;
    this.#tools = tools;
  }

  /** Something is about to claim; {@link RunningSet.leave} must follow. */
  enter(): void {
    this.#underWay += 1;
  }

  leave(): void {
    this.#underWay -= 1;
    if (this.closing && this.#underWay === 0) this.#empty?.abort();
  }

  add(running: Running): void {
    this.#running.add(running);
  }

  delete(running: Running): void {
    this.#running.delete(running);
  }

  /** Waits for all to end, at most `timeoutMs`; then their signals abort and their records lapse at once. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.closing = true;
    this.#empty ??= new AbortController();
    if (this.#underWay > 0) await sleep(this.#tools.runtime.timers, timeoutMs, this.#empty.signal);
    this.ended = true;
    for (const running of this.#running) running.context.lease.lose('shutdown');
    await Promise.all(Array.from(this.#running, (running) => this.abandon(running)));
  }

  /** Makes the record lapse at once. If the store can't be reached, the end of the lease does the same later. */
  async abandon({ operation, owner }: Running): Promise<void> {
    const { unresolvedRetentionMs } = operation.settings;
    try {
      const abandoned = this.#store.abandon({ ...owner, unresolvedRetentionMs });
      await withTimeLimit(this.#tools.runtime, abandonLimitMs, abandoned);
    } catch (error) {
      this.#tools.emit?.({ type: 'store-error', operation: operation.name, during: 'abandon', error });
    }
  }
}
