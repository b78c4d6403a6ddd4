/**
 * One attempt at an operation, from the moment its claim is won.
 *
 * @module
 */

import { type Answering, type AnyContext, plainAnswering } from '../context.ts';
import type { Emit } from '../log.ts';
import type { Operation } from '../operation.ts';
import type { AfterFailure, AnyStore, Claimed, ClaimOutcome, ClaimRequest, Owner } from '../store.ts';
import type { DueTimer } from '../support/due-timer.ts';
import { Linked } from '../support/linked-list.ts';
import type { CallTools } from '../support/store-call.ts';
import { AttemptContext } from './attempt-context.ts';
import { Lease } from './lease.ts';

/** What all attempts of an engine share. */
export interface EngineTools extends CallTools {
  /** For events that no log takes; undefined where nobody but a log listens. */
  readonly observe: Emit;
  readonly store: AnyStore;
  readonly timer: DueTimer;
}

/** A claim's answer, with the time on the monotonic clock at which the claim was sent. */
interface Answered<Answer extends ClaimOutcome> {
  readonly request: ClaimRequest;
  readonly outcome: Answer;
  readonly sentAt: number;
}

export type WonClaim = Answered<Claimed>;
type RefusedClaim = Answered<Exclude<ClaimOutcome, Claimed>>;
export type Claim = WonClaim | RefusedClaim;

/** See the module. Its lease is renewed from here on, until it ends. */
export class Attempt extends Linked {
  readonly kind = 'claimed';
  readonly operation: Operation;
  readonly claim: WonClaim;
  readonly owner: Owner;
  readonly lease: Lease;
  /** The policy that holds for this attempt: a record and its route must both allow a rerun. */
  readonly policy: AfterFailure;
  readonly tools: EngineTools;
  /** True once `finish` has committed: the record is completed. */
  finished = false;
  /** True if `finish` was about to commit, so that the record may be completed though `finish` threw. */
  mayHaveFinished = false;
  /** True if a step was refused because the handler's steps have changed. */
  stepsChanged = false;
  /** True if a step was cut off, and nothing in the record says so: the next attempt must find it lapsed, not open. */
  cutStep = false;
  /** True if this attempt or an earlier one has saved something, so that the operation is no longer untouched. */
  hasSteps: boolean;
  /** The entry of a hook's decision in the audit, while this attempt carries the decision out. */
  audited: Promise<void> | undefined;
  #context: AttemptContext | undefined;

  constructor(tools: EngineTools, operation: Operation, claim: WonClaim) {
    super();
    this.tools = tools;
    this.operation = operation;
    this.claim = claim;
    this.owner = { id: operation.id, token: claim.request.token };
    this.policy = claim.outcome.policy === 'rerun' ? operation.settings.afterFailure : 'refuse';
    this.hasSteps = claim.outcome.steps.size > 0;
    this.lease = new Lease(tools, operation, this.owner, claim.sentAt);
  }

  /** The handler's context, made on first use; `answering` counts then. */
  contextFor(answering: Answering<unknown, unknown>): AnyContext {
    this.#context ??= new AttemptContext(this, answering);
    // It is made without the store's transaction type; the engine's own type parameter gives it back.
    return this.#context as object as AnyContext;
  }

  /** Steps that earlier attempts saved and that this one has not asked for. */
  unaskedSteps(): readonly string[] {
    return this.claim.outcome.steps.size === 0 ? [] : this.#ownContext().unaskedSteps();
  }

  /** Before a release of what was taken over; see the context. */
  noteDeadWorker(): Promise<void> {
    return this.#ownContext().noteDeadWorker();
  }

  #ownContext(): AttemptContext {
    this.#context ??= new AttemptContext(this, plainAnswering as Answering<unknown, unknown>);
    return this.#context;
  }
}
