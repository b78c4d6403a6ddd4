/**
 * The operations that run in this process, for a shutdown that leaves none of them behind.
 *
 * @module
 */

import { sleep, type Timers } from '../runtime.ts';
import { LinkedList } from '../support/linked-list.ts';
import { withTimeLimit } from '../support/store-call.ts';
import type { Attempt } from './attempt.ts';

const abandonLimitMs = 2_000;

/** Keeps count of what is under way, from before its claim, and knows what runs. */
export class RunningAttempts extends LinkedList<Attempt> {
  readonly #timers: Timers;
  /** Made by shutdown: while a module loads, when most guards are made, workerd lets nobody make one. */
  #empty: AbortController | undefined;
  /** How much is under way: counted up before something claims; {@link RunningAttempts.leave} must follow. */
  underWay = 0;
  /** True once shutdown has begun. */
  closing = false;
  /** True once shutdown waits no longer: a claim that is answered now comes too late to run. */
  ended = false;

  constructor(timers: Timers) {
    super();
    this.#timers = timers;
  }

  leave(): void {
    this.underWay -= 1;
    if (this.closing && this.underWay === 0) this.#empty?.abort();
  }

  /** Waits for all to end, at most `timeoutMs`; then their signals abort and their records lapse at once. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.closing = true;
    this.#empty ??= new AbortController();
    if (this.underWay > 0) await sleep(this.#timers, timeoutMs, this.#empty.signal);
    this.ended = true;
    const running = this.all();
    for (const { lease } of running) lease.lose('shutdown');
    await Promise.all(running.map(abandonRecord));
  }
}

/** Makes the record lapse at once. If the store can't be reached, the end of the lease does the same later. */
export async function abandonRecord({ operation, owner, tools }: Attempt): Promise<void> {
  const { unresolvedRetentionMs } = operation.settings;
  try {
    const abandoned = tools.store.abandon({ ...owner, unresolvedRetentionMs });
    await withTimeLimit(tools.runtime, abandonLimitMs, abandoned);
  } catch (error) {
    tools.emit?.({ type: 'store-error', operation: operation.name, during: 'abandon', error });
  }
}
