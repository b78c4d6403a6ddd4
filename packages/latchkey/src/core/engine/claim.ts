/**
 * Claims: repeated with the same token until an answer comes, and what that answer means.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import { askAgainMs, type Executed, mayBegin, type Operation, type Outcome } from '../operation.ts';
import type { Runtime } from '../runtime.ts';
import type { Claimed, ClaimOutcome, ClaimRequest, Takeover } from '../store.ts';
import { timedUuid } from '../support/operation-age.ts';
import { callUntil, isFinalStoreError } from '../support/store-call.ts';
import type { Attempt, Claim, EngineTools, WonClaim } from './attempt.ts';
import { safetyMarginMs } from './lease.ts';
import type { RunningAttempts } from './running-attempts.ts';
import type { UndoClaim } from './undo-claim.ts';

/** Which records a claim may take over. */
export interface ClaimTerms {
  readonly takeover: Takeover;
  readonly maxAttempts: number;
}

/** What a request's own claim may take over: as much as its policy allows. */
export function ownTerms({ settings }: Operation): ClaimTerms {
  return { takeover: settings.afterFailure === 'rerun' ? 'rerun' : 'none', maxAttempts: settings.maxAttempts };
}

/** A claim with a new token. */
function newClaim(operation: Operation, { takeover, maxAttempts }: ClaimTerms, runtime: Runtime): ClaimRequest {
  const { settings, fingerprint, request } = operation;
  return {
    id: operation.id,
    token: runtime.random.uuid(),
    principal: operation.principal,
    operation: operation.name,
    operationId: newOperationId(operation, runtime),
    fingerprint,
    acceptable: operation.acceptable ?? [fingerprint],
    ...(request && { request }),
    policy: settings.afterFailure,
    leaseMs: settings.leaseMs,
    unresolvedRetentionMs: settings.unresolvedRetentionMs,
    takeover,
    maxAttempts,
  };
}

/** An operation that may be run again only for some time carries the time at which it began. */
export function newOperationId({ settings }: Operation, { clock, random }: Runtime): string {
  const isTimed = settings.maxRerunAgeMs < Number.MAX_SAFE_INTEGER;
  return isTimed ? timedUuid(random.uuid(), clock.now()) : random.uuid();
}

/** Makes claims. */
export class Claimer {
  readonly #running: RunningAttempts;
  readonly #undo: UndoClaim;

  constructor(running: RunningAttempts, undo: UndoClaim) {
    this.#running = running;
    this.#undo = undo;
  }

  /**
   * Claims with a new token.
   *
   * @throws StoreUnavailableError if no answer came within `claimTimeoutMs`; a claim that was applied all the same
   * is given back in the background. LatchkeyError `record-unreadable` if the store found something foreign;
   * `shutting-down` if the claim was won after the end of a shutdown: it is given back, for its process may have closed
   * the store by then.
   */
  async claim(tools: EngineTools, operation: Operation, terms: ClaimTerms): Promise<Claim> {
    const { clock } = tools.runtime;
    const request = newClaim(operation, terms, tools.runtime);
    const giveUpAt = clock.monotonic() + operation.settings.claimTimeoutMs;
    const label = { operation: operation.name, during: 'claim' };
    let sentAt = 0;
    const send = () => {
      sentAt = clock.monotonic();
      return tools.store.claim(request);
    };
    try {
      let outcome = await callUntil(tools, giveUpAt, label, send);
      while (outcome.outcome === 'claimed' && isTooLate(request, sentAt, clock.monotonic())) {
        if (clock.monotonic() >= giveUpAt) throw tooLate();
        outcome = await callUntil(tools, giveUpAt, label, send);
      }
      if (outcome.outcome !== 'claimed' || !this.#running.ended) return { request, outcome, sentAt } as Claim;
    } catch (error) {
      if (!isFinalStoreError(error)) void this.#undo.undo(operation, request);
      throw error;
    }
    void this.#undo.undo(operation, request);
    throw shuttingDown();
  }
}

function tooLate(): StoreUnavailableError {
  return new StoreUnavailableError('The store answered after the lease had ended.');
}

/** A lease that is nearly over when the answer arrives is worth nothing: the claim is sent again, which renews it. */
function isTooLate({ leaseMs }: ClaimRequest, sentAt: number, now: number): boolean {
  return sentAt + leaseMs - now <= 2 * safetyMarginMs(leaseMs);
}

/** The error of requests to a process that is shutting down. */
export function shuttingDown(): LatchkeyError {
  return new LatchkeyError('shutting-down', 'This server is shutting down. Send the request again to another server.', {
    retryAfterMs: 1_000,
  });
}

/** What a claim came to: an attempt, or why there is none. */
export type ClaimResult = Attempt | Exclude<Outcome, Executed>;

/** The claim under which a hook is asked: it decides, whatever the record's own policy is. */
export const anyLapsed: ClaimTerms = { takeover: 'any', maxAttempts: Number.MAX_SAFE_INTEGER };

export type Refused = Extract<Outcome, { kind: 'replay' | 'mismatch' | 'in-progress' | 'outcome-unknown' }>;

export function answerTo(operation: Operation, outcome: Exclude<ClaimOutcome, Claimed>): Refused {
  if (outcome.outcome === 'superseded') return { kind: 'in-progress', retryAfterMs: askAgainMs };
  if (!isSamePayload(operation, outcome)) return { kind: 'mismatch' };
  switch (outcome.outcome) {
    case 'completed':
      return { kind: 'replay', ...outcome };
    case 'running':
      return { kind: 'in-progress', retryAfterMs: askAgainMs };
    case 'lapsed':
      return { kind: 'outcome-unknown' };
    case 'open':
      return { kind: 'mismatch' };
  }
}

export function unclaimed(operation: Operation, cause: unknown): ClaimResult {
  const error = cause instanceof LatchkeyError ? cause : new StoreUnavailableError('The store failed.', { cause });
  const runs = operation.settings.whenStoreDown === 'run-unprotected' && error.code === 'store-unavailable';
  return runs && mayBegin(operation) ? { kind: 'unprotected' } : { kind: 'unavailable', error };
}

export function isWon(claim: Claim): claim is WonClaim {
  return claim.outcome.outcome === 'claimed';
}

function isSamePayload(operation: Operation, stored: { readonly fingerprint: string }): boolean {
  return operation.fingerprint === stored.fingerprint || operation.acceptable?.includes(stored.fingerprint) === true;
}

export function isLapsed(operation: Operation, outcome: ClaimOutcome): boolean {
  return outcome.outcome === 'lapsed' && isSamePayload(operation, outcome);
}

/** Whether another worker runs the operation. */
export function isRunning(operation: Operation, outcome: ClaimOutcome): boolean {
  return outcome.outcome === 'running' && isSamePayload(operation, outcome);
}
