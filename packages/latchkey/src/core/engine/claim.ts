/**
 * Sends claims, repeating each with the same token until it gets an answer, and maps answers other than a won claim to
 * outcomes.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import { askAgainMs, type Executed, type Operation, type Outcome } from '../operation.ts';
import type { Runtime } from '../runtime.ts';
import type { Claimed, ClaimOutcome, ClaimRequest } from '../store.ts';
import { timedUuid } from '../support/operation-age.ts';
import { isFinalStoreError, notInTime, TimedCall } from '../support/store-call.ts';
import type { Attempt, Claim, EngineTools } from './attempt.ts';
import { safetyMarginMs } from './lease.ts';
import type { RunningAttempts } from './running-attempts.ts';
import type { UndoClaim } from './undo-claim.ts';

/** The parts of an engine. */
export interface EngineParts {
  readonly tools: EngineTools;
  readonly running: RunningAttempts;
  readonly undo: UndoClaim;
}

/**
 * Claims the record with a new token: the claim on its way to the store, then with its answer. The result rejects with
 * StoreUnavailableError if no answer came within `claimTimeoutMs`, or before the caller ends; if the claim was applied
 * nevertheless, it is given back in the background. It rejects with LatchkeyError `record-unreadable` if the stored data
 * can't be read, and `shutting-down` if the claim was won after the end of a shutdown. That claim is given back, since
 * the process may already have closed the store.
 */
export class ClaimCall extends TimedCall<ClaimOutcome, Claim> implements Claim {
  readonly request: ClaimRequest;
  answer!: ClaimOutcome;
  sentAt: number;
  protected override readonly tools: EngineTools;
  override readonly dueAt: number;
  readonly #parts: EngineParts;
  readonly #operation: Operation;

  /**
   * @param takeover - `'any'` for the claim under which the hook is asked: the hook decides, whatever the record's policy
   * is. By default, a claim takes over only what its policy allows.
   */
  constructor(parts: EngineParts, operation: Operation, takeover?: 'any') {
    super();
    const { tools } = parts;
    this.tools = tools;
    this.#parts = parts;
    this.#operation = operation;
    this.request = newClaim(operation, takeover, tools.runtime);
    this.sentAt = tools.runtime.clock.monotonic();
    const giveUpAt = this.sentAt + operation.settings.claimTimeoutMs;
    this.dueAt = Math.min(giveUpAt, operation.caller?.endsAt ?? giveUpAt);
  }

  protected override send(): Promise<ClaimOutcome> {
    this.sentAt = this.tools.runtime.clock.monotonic();
    return this.tools.store.claim(this.request);
  }

  protected override accept(answer: ClaimOutcome): Claim | Promise<Claim> {
    this.answer = answer;
    // A faulty store may answer undefined, which the engine then reports.
    if (answer?.outcome !== 'claimed') return this;
    // The same claim, sent again, renews the lease.
    if (this.#isTooLate()) return this.failed(notInTime());
    if (!this.#parts.running.ended) return this;
    this.#undo();
    return Promise.reject(shuttingDown());
  }

  protected override async failed(error: unknown): Promise<Claim> {
    let answer: ClaimOutcome;
    try {
      answer = await this.again(error, this.#operation.name, 'claim');
    } catch (last) {
      if (!isFinalStoreError(error)) this.#undo();
      throw last;
    }
    return this.accept(answer);
  }

  #undo(): void {
    void this.#parts.undo.undo(this.#operation, this.request);
  }

  /** Whether the lease has nearly ended. */
  #isTooLate(): boolean {
    const { leaseMs } = this.request;
    return this.sentAt + leaseMs - this.tools.runtime.clock.monotonic() <= 2 * safetyMarginMs(leaseMs);
  }
}

function newClaim(operation: Operation, takeover: 'any' | undefined, runtime: Runtime): ClaimRequest {
  const { settings, fingerprint, acceptable = [fingerprint], request } = operation;
  const { afterFailure, leaseMs, unresolvedRetentionMs, maxAttempts } = settings;
  const operationId = newOperationId(operation, runtime);
  const claim = {
    id: operation.id,
    token: runtime.random.uuid(),
    principal: operation.principal,
    operation: operation.name,
    operationId,
    fingerprint,
    acceptable,
    policy: afterFailure,
    leaseMs,
    unresolvedRetentionMs,
    takeover: takeover ?? (afterFailure === 'rerun' ? 'rerun' : 'none'),
    maxAttempts: takeover === 'any' ? Number.MAX_SAFE_INTEGER : maxAttempts,
  } as const;
  return request === undefined ? claim : { ...claim, request };
}

/** An operation that may be run again only for a limited time carries the time when it began. */
export function newOperationId({ settings }: Operation, { clock, random }: Runtime): string {
  const isTimed = settings.maxRerunAgeMs < Number.MAX_SAFE_INTEGER;
  return isTimed ? timedUuid(random.uuid(), clock.now()) : random.uuid();
}

/** The error for requests to a process that is shutting down. */
export function shuttingDown(): LatchkeyError {
  return new LatchkeyError('shutting-down', 'This server is shutting down. Send the request again to another server.', {
    retryAfterMs: 1_000,
  });
}

/** An attempt, or the reason why the claim was not won. */
export type ClaimResult = Attempt | Exclude<Outcome, Executed>;

export type Refused = Extract<Outcome, { kind: 'replay' | 'mismatch' | 'in-progress' | 'outcome-unknown' }>;

/** The outcome for a request whose claim was not won. */
export function refusalOf(operation: Operation, outcome: Exclude<ClaimOutcome, Claimed>): Refused {
  if (outcome.outcome === 'superseded') return { kind: 'in-progress', retryAfterMs: askAgainMs };
  if (!isSamePayload(operation, outcome)) return { kind: 'mismatch' };
  switch (outcome.outcome) {
    case 'completed':
      return {
        kind: 'replay',
        result: outcome.result,
        operationId: outcome.operationId,
        completedAtMs: outcome.completedAtMs,
      };
    case 'running':
      return { kind: 'in-progress', retryAfterMs: askAgainMs };
    case 'lapsed':
      return { kind: 'outcome-unknown' };
    case 'open':
      return { kind: 'mismatch' };
  }
}

/** The outcome for a request whose claim got no answer. */
export function unclaimed({ settings, caller }: Operation, cause: unknown): ClaimResult {
  const error = cause instanceof LatchkeyError ? cause : new StoreUnavailableError('The store failed.', { cause });
  const runs = settings.whenStoreDown === 'run-unprotected' && error.code === 'store-unavailable';
  return runs && caller?.mayBegin() !== false ? { kind: 'unprotected' } : { kind: 'unavailable', error };
}

/** Whether a record has the fingerprint of this operation, or one that counts as the same. */
export function isSamePayload(operation: Operation, stored: { readonly fingerprint: string }): boolean {
  return operation.fingerprint === stored.fingerprint || operation.acceptable?.includes(stored.fingerprint) === true;
}

export function isLapsed(operation: Operation, outcome: ClaimOutcome): boolean {
  return outcome.outcome === 'lapsed' && isSamePayload(operation, outcome);
}

/** Whether another worker is running the operation. */
export function isRunning(operation: Operation, outcome: ClaimOutcome): boolean {
  return outcome.outcome === 'running' && isSamePayload(operation, outcome);
}
