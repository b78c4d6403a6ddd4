/**
 * Claims: repeated with the same token until an answer comes, undone in the background when none does.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import type { Operation } from '../operation.ts';
import { sleep } from '../runtime.ts';
import type { AnyStore, Claimed, ClaimOutcome, ClaimRequest, ReleaseRequest, Takeover } from '../store.ts';
import { type BackoffLimits, backoffMs } from '../support/backoff.ts';
import { timedUuid } from '../support/operation-age.ts';
import { type CallTools, callUntil, isFinalStoreError, withTimeLimit } from '../support/store-call.ts';
import { safetyMarginMs } from './lease.ts';
import type { RunningSet } from './running-attempts.ts';

/** A claim without an answer is undone in at most 60 tries, over some minutes. */
const undoTries = 60;
const undoBackoff: BackoffLimits = { baseMs: 100, capMs: 10_000 };
const undoCallLimitMs = 5_000;

/** A claim's answer, with the time on the monotonic clock at which the claim was sent. */
export interface Claim {
  readonly request: ClaimRequest;
  readonly outcome: ClaimOutcome;
  readonly sentAt: number;
}

/** A claim that was won and came to nothing. */
interface Unused {
  readonly operation: Operation;
  readonly claim: Claim;
  readonly claimed: Claimed;
}

/** What a claim may take. */
export interface ClaimTerms {
  readonly takeover: Takeover;
  readonly maxAttempts: number;
}

function claimRequest(operation: Operation, terms: ClaimTerms, token: string, operationId: string): ClaimRequest {
  const { settings, fingerprint } = operation;
  return {
    id: operation.id,
    token,
    principal: operation.principal,
    operation: operation.name,
    operationId,
    fingerprint,
    acceptable: operation.acceptable ?? [fingerprint],
    ...(operation.request && { request: operation.request }),
    policy: settings.afterFailure,
    leaseMs: settings.leaseMs,
    unresolvedRetentionMs: settings.unresolvedRetentionMs,
    takeover: terms.takeover,
    maxAttempts: terms.maxAttempts,
  };
}

/** A call that hangs must not last until the record has lapsed, for others would find its outcome unknown then. */
function undoLimitMs({ leaseMs }: ClaimRequest): number {
  return Math.min(undoCallLimitMs, leaseMs / 3);
}

/** The error of requests to a process that is shutting down. */
export function shuttingDown(): LatchkeyError {
  return new LatchkeyError('shutting-down', 'This server is shutting down. Send the request again, to another one.', {
    retryAfterMs: 1_000,
  });
}

/** Makes claims on one store. */
export class Claimer {
  readonly #store: AnyStore;
  readonly #tools: CallTools;
  readonly #running: RunningSet;

  constructor(store: AnyStore, tools: CallTools, running: RunningSet) {
    this.#store = store;
    this.#tools = tools;
    this.#running = running;
  }

  /**
   * Claims with a new token.
   *
   * @throws StoreUnavailableError if no answer came within `claimTimeoutMs`; a claim that was applied all the same
   * is given back in the background. LatchkeyError `record-unreadable` if the store found something foreign;
   * `shutting-down` if the claim was won after the end of a shutdown: it is given back, for its process may have closed
   * the store by then.
   */
  async claim(operation: Operation, terms: ClaimTerms): Promise<Claim> {
    const { clock, random } = this.#tools.runtime;
    const request = claimRequest(operation, terms, random.uuid(), this.#operationId(operation));
    const giveUpAt = clock.monotonic() + operation.settings.claimTimeoutMs;
    let claim: Claim;
    try {
      do claim = await this.#send(request, giveUpAt);
      while (this.#isTooLate(claim, giveUpAt));
    } catch (error) {
      if (!isFinalStoreError(error)) void this.undo(operation, request);
      throw error;
    }
    if (claim.outcome.outcome !== 'claimed' || !this.#running.ended) return claim;
    void this.undo(operation, request);
    throw shuttingDown();
  }

  /** An operation that may be run again only for some time carries the time at which it began. */
  #operationId({ settings }: Operation): string {
    const { clock, random } = this.#tools.runtime;
    const isTimed = settings.maxRerunAgeMs < Number.MAX_SAFE_INTEGER;
    return isTimed ? timedUuid(random.uuid(), clock.now()) : random.uuid();
  }

  /** A lease that is nearly over when the answer arrives is worth nothing: the claim is sent again, which renews it. */
  #isTooLate({ request, outcome, sentAt }: Claim, giveUpAt: number): boolean {
    if (outcome.outcome !== 'claimed') return false;
    const now = this.#tools.runtime.clock.monotonic();
    if (sentAt + request.leaseMs - now > 2 * safetyMarginMs(request.leaseMs)) return false;
    if (now >= giveUpAt) throw new StoreUnavailableError('The store answered too late for its lease.');
    return true;
  }

  async #send(request: ClaimRequest, giveUpAt: number): Promise<Claim> {
    const { clock } = this.#tools.runtime;
    const label = { operation: request.operation, during: 'claim' };
    let sentAt = 0;
    const send = () => {
      sentAt = clock.monotonic();
      return this.#store.claim(request);
    };
    const outcome = await callUntil(this.#tools, giveUpAt, label, send);
    return { request, outcome, sentAt };
  }

  /**
   * Gives back a claim under which nothing was run, so that a retry finds the record as if there had been none. A failure
   * is repaired in the background.
   */
  async giveBack({ operation, claim, claimed }: Unused): Promise<void> {
    const { request } = claim;
    const { retentionMs, whenRunning } = operation.settings;
    try {
      const given = this.#giveBack(request, claimed, { retentionMs, notify: whenRunning === 'wait' });
      await withTimeLimit(this.#tools.runtime, undoLimitMs(request), given);
    } catch (error) {
      this.#tools.emit?.({ type: 'store-error', operation: operation.name, during: 'undo-claim', error });
      void this.undo(operation, request);
    }
  }

  /**
   * Claims again to learn where things stand, then gives the record back: it remembers the token and refuses the first
   * claim should it arrive even later. While the record is in other hands it looks again: once those have let go of it,
   * that late claim would find it open.
   */
  async undo(operation: Operation, request: ClaimRequest): Promise<void> {
    const { clock, timers, random } = this.#tools.runtime;
    const leaseEndsAt = clock.monotonic() + request.leaseMs;
    for (let tries = 0; tries < undoTries; tries += 1) {
      // A claim that was applied has lapsed by the lease's end: a process that has nothing else to do need not wait longer.
      const kind = clock.monotonic() > leaseEndsAt ? 'idle' : undefined;
      await sleep(timers, backoffMs(tries, undoBackoff, random), undefined, kind);
      // Where the record was erased meanwhile, nothing may begin under the id of what had run.
      const undoing = { ...request, takeover: 'none', operationId: this.#operationId(operation) } as const;
      if (await this.#tryUndo(undoing, operation.settings.retentionMs)) return;
    }
  }

  async #tryUndo(request: ClaimRequest, retentionMs: number): Promise<boolean> {
    const { runtime, emit } = this.#tools;
    const limitMs = undoLimitMs(request);
    try {
      const claim = this.#store.claim(request);
      const outcome = await withTimeLimit(runtime, limitMs, claim);
      if (outcome.outcome !== 'claimed') return outcome.outcome !== 'running' && outcome.outcome !== 'lapsed';
      // Should somebody else have taken it meanwhile, there is nothing left to give back.
      await withTimeLimit(runtime, limitMs, this.#giveBack(request, outcome, { retentionMs }));
      return true;
    } catch (error) {
      emit?.({ type: 'store-error', operation: request.operation, during: 'undo-claim', error });
      return false;
    }
  }

  /** As it was found: a record that was lapsed lapses again, since an open one would run, whatever its policy says. */
  #giveBack(
    request: ClaimRequest,
    { tookOver }: Claimed,
    release: Pick<ReleaseRequest, 'retentionMs' | 'notify'>,
  ): Promise<boolean> {
    const { id, token, unresolvedRetentionMs } = request;
    return tookOver
      ? this.#store.abandon({ id, token, unresolvedRetentionMs, unused: true })
      : this.#store.release({ id, token, unused: true, ...release });
  }
}
