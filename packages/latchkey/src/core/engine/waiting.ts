/**
 * Waits for a record to change: by notifications if the store has them, and by polling as a fallback. A lost
 * notification costs time but never correctness.
 *
 * @module
 */

import type { Operation } from '../operation.ts';
import { type Runtime, sleep } from '../runtime.ts';
import type { Claim, EngineTools } from './attempt.ts';
import { ClaimCall, type EngineParts, isRunning } from './claim.ts';
import { endOf } from './lease.ts';

const firstPollMs = 25;
const slowestPollMs = 1_000;

/** Claims again each time the record may have changed, while the operation runs and the request waits for its end. */
export async function waitForEnd(operation: Operation, first: Claim, parts: EngineParts): Promise<Claim> {
  const { tools, running } = parts;
  const { clock } = tools.runtime;
  const giveUpAt = Math.min(clock.monotonic() + operation.settings.waitMs, endOf(operation));
  const waiter = new ChangeWaiter(operation, tools);
  let claim = first;
  try {
    while (isRunning(operation, claim.answer) && clock.monotonic() < giveUpAt) {
      if (running.closing || operation.caller?.mayBegin() === false) break;
      await waiter.next(giveUpAt - clock.monotonic());
      claim = await new ClaimCall(parts, operation).result();
    }
    return claim;
  } finally {
    waiter.close();
  }
}

/** Watches one record for one waiter. */
class ChangeWaiter {
  readonly #runtime: Runtime;
  readonly #unwatch: (() => void) | undefined;
  #changed = new AbortController();
  #pollMs = firstPollMs;

  constructor({ id, name }: Operation, { store, runtime, emit }: EngineTools) {
    this.#runtime = runtime;
    try {
      this.#unwatch = store.watch?.(id, () => this.#changed.abort());
    } catch (error) {
      emit?.({ type: 'store-error', operation: name, during: 'watch', error });
    }
  }

  /** Resolves when the record may have changed, after at most `boundMs` milliseconds. */
  async next(boundMs: number): Promise<void> {
    await sleep(this.#runtime.timers, Math.min(this.#pollMs, boundMs), this.#changed.signal);
    if (this.#changed.signal.aborted) this.#changed = new AbortController();
    this.#pollMs = Math.min(this.#pollMs * 2, slowestPollMs);
  }

  close(): void {
    this.#unwatch?.();
  }
}
