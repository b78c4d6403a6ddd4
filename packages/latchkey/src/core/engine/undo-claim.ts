/**
 * Gives back claims under which nothing ran, and claims that got no answer.
 *
 * @module
 */

import type { Operation } from '../operation.ts';
import { sleep } from '../runtime.ts';
import type { Claimed, ClaimRequest, ReleaseRequest } from '../store.ts';
import { type BackoffLimits, backoffMs } from '../support/backoff.ts';
import { withTimeLimit } from '../support/store-call.ts';
import type { EngineTools, WonClaim } from './attempt.ts';
import { newOperationId } from './claim.ts';

/** At most 60 tries, over some minutes, to undo a claim that got no answer. */
const undoTries = 60;
const undoBackoff: BackoffLimits = { baseMs: 100, capMs: 10_000 };
const undoCallLimitMs = 5_000;

/** A call that hangs must end before the record lapses, since others would then find its outcome unknown. */
function undoLimitMs({ leaseMs }: ClaimRequest): number {
  return Math.min(undoCallLimitMs, leaseMs / 3);
}

/** Gives claims back. A process with a pending undo stays alive until the claim has lapsed. */
export class UndoClaim {
  readonly #tools: EngineTools;

  constructor(tools: EngineTools) {
    this.#tools = tools;
  }

  /**
   * Gives back a claim under which nothing ran, so a retry finds the record as if it had never been claimed. If that
   * fails, it is repeated in the background.
   */
  async giveBack(operation: Operation, { request, answer }: WonClaim): Promise<void> {
    const { retentionMs, whenRunning } = operation.settings;
    try {
      const given = this.#giveBack(request, answer, { retentionMs, notify: whenRunning === 'wait' });
      await withTimeLimit(this.#tools.runtime, undoLimitMs(request), given);
    } catch (error) {
      this.#tools.emit?.({ type: 'store-error', operation: operation.name, during: 'undo-claim', error });
      void this.undo(operation, request);
    }
  }

  /**
   * Claims again to learn the record's state, then gives the record back. The record remembers the token and refuses
   * the first claim if that arrives even later. While another worker holds the record, it is checked again: once that
   * worker releases it, the late claim would find it open.
   */
  async undo(operation: Operation, request: ClaimRequest): Promise<void> {
    const { clock, timers, random } = this.#tools.runtime;
    const leaseEndsAt = clock.monotonic() + request.leaseMs;
    for (let tries = 0; tries < undoTries; tries += 1) {
      // A claim that was applied lapses when the lease ends: an otherwise idle process need not stay alive longer.
      const kind = clock.monotonic() > leaseEndsAt ? 'idle' : undefined;
      await sleep(timers, backoffMs(tries, undoBackoff, random), undefined, kind);
      // If the record was erased meanwhile, nothing may begin under the id of an operation that had run.
      const undoing = {
        ...request,
        takeover: 'none',
        operationId: newOperationId(operation, this.#tools.runtime),
      } as const;
      const tried = this.#tryUndo(undoing, operation.settings.retentionMs);
      operation.caller?.waitUntil?.(tried);
      if (await tried) return;
    }
  }

  async #tryUndo(request: ClaimRequest, retentionMs: number): Promise<boolean> {
    const { runtime, emit } = this.#tools;
    const limitMs = undoLimitMs(request);
    try {
      const claim = this.#tools.store.claim(request);
      const outcome = await withTimeLimit(runtime, limitMs, claim);
      if (outcome.outcome !== 'claimed') return outcome.outcome !== 'running' && outcome.outcome !== 'lapsed';
      // If another worker has taken it meanwhile, there is nothing to give back.
      await withTimeLimit(runtime, limitMs, this.#giveBack(request, outcome, { retentionMs }));
      return true;
    } catch (error) {
      emit?.({ type: 'store-error', operation: request.operation, during: 'undo-claim', error });
      return false;
    }
  }

  /**
   * Restores the state in which the record was found: a lapsed record lapses again, since an open one would run
   * regardless of its policy.
   */
  #giveBack(
    request: ClaimRequest,
    { tookOver }: Claimed,
    release: Pick<ReleaseRequest, 'retentionMs' | 'notify'>,
  ): Promise<boolean> {
    const { id, token, unresolvedRetentionMs } = request;
    return tookOver
      ? this.#tools.store.abandon({ id, token, unresolvedRetentionMs, unused: true })
      : this.#tools.store.release({ id, token, unused: true, ...release });
  }
}
