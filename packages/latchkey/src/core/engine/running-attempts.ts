/**
 * The operations that run in this process, for an orderly shutdown.
 *
 * @module
 */

import type { Recorded } from '../operation.ts';
import { sleep, type Timers } from '../runtime.ts';
import type { Store, TransactionKind } from '../store.ts';
import { LinkedList } from '../support/linked-list.ts';
import { type CallTools, withTimeLimit } from '../support/store-call.ts';
import type { Attempt } from './attempt.ts';

const abandonLimitMs = 2_000;

/** Counts operations from before their claim, and lists the running ones. */
export class RunningAttempts extends LinkedList<Attempt> {
  readonly #timers: Timers;
  /**
   * Created by shutdown: most guards are created while a module loads, when workerd does not allow an AbortController.
   */
  #empty: AbortController | undefined;
  /** The number of operations in progress. Incremented before a claim; {@link RunningAttempts.leave} must follow. */
  underWay = 0;
  /** True once shutdown has begun. */
  closing = false;
  /** True once shutdown has stopped waiting: a claim that is answered now is too late to run. */
  ended = false;

  constructor(timers: Timers) {
    super();
    this.#timers = timers;
  }

  leave(): void {
    this.underWay -= 1;
    if (this.closing && this.underWay === 0) this.#empty?.abort();
  }

  /** Ends an attempt whose outcome is unknown: its record lapses at once. */
  async abandon(attempt: Attempt): Promise<Recorded> {
    attempt.lease.stop();
    await abandonRecord(attempt);
    return this.end(attempt, 'lapsed');
  }

  /** Ends an attempt once the end state of its record is known. */
  end(attempt: Attempt, recorded: Recorded): Recorded {
    attempt.lease.stop();
    // The audit of a hook's decision may fail after the end.
    if (!this.delete(attempt)) return recorded;
    const { emit, observe } = attempt.tools;
    const tell = recorded === 'stored' ? observe : emit;
    const { id, name, caller } = attempt.operation;
    const { attempt: count, tookOver } = attempt.claim.answer;
    tell?.({ type: 'executed', id, operation: name, attempt: count, tookOver, recorded }, caller);
    return recorded;
  }

  /**
   * Waits at most `timeoutMs` for all attempts to end, then aborts their signals and makes their records lapse at once.
   */
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

/** The parts of an attempt that its abandonment needs. */
type Abandoned = Pick<Attempt, 'operation' | 'owner'> & {
  readonly tools: CallTools & { readonly store: Pick<Store<TransactionKind>, 'abandon'> };
};

/** Makes the record lapse at once. If the store can't be reached, the record lapses when the lease ends. */
export async function abandonRecord({ operation, owner, tools }: Abandoned): Promise<void> {
  const { unresolvedRetentionMs } = operation.settings;
  try {
    const abandoned = tools.store.abandon({ ...owner, unresolvedRetentionMs });
    await withTimeLimit(tools.runtime, abandonLimitMs, abandoned);
  } catch (error) {
    tools.emit?.({ type: 'store-error', operation: operation.name, during: 'abandon', error });
  }
}
