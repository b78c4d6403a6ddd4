/**
 * One attempt at an operation, from its won claim on.
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
  /** Receives the events of every request, which are not logged; undefined if only a log listens. */
  readonly observe: Emit;
  readonly store: AnyStore;
  readonly timer: DueTimer;
}

/** The answer to a claim, with the time on the monotonic clock when the claim was sent. */
export interface Claim<Answer extends ClaimOutcome = ClaimOutcome> {
  readonly request: ClaimRequest;
  readonly answer: Answer;
  readonly sentAt: number;
}

export type WonClaim = Claim<Claimed>;

/** One attempt. Its lease is renewed from construction until the attempt ends. */
export class Attempt extends Linked {
  readonly kind = 'claimed';
  readonly operation: Operation;
  /** @internal */
  readonly claim: WonClaim;
  readonly owner: Owner;
  /** @internal */
  readonly lease: Lease;
  /** The policy of this attempt: the record and its route must both allow a rerun. */
  readonly policy: AfterFailure;
  /** @internal */
  readonly tools: EngineTools;
  /** True once `finish` has committed: the record is completed. */
  finished = false;
  /** True if `finish` was about to commit: the record may be completed even if `finish` threw. */
  mayHaveFinished = false;
  /** True if a step was refused because the handler's steps have changed. */
  stepsChanged = false;
  /**
   * True if a step was interrupted and the record does not show it: the next attempt must find the record lapsed, not
   * open.
   */
  cutStep = false;
  /** True if this attempt or an earlier one has saved something. */
  hasSteps: boolean;
  /** The audit entry of the hook's decision that this attempt carries out. */
  audited: Promise<void> | undefined;
  #context: AttemptContext | undefined;

  /** @internal */
  constructor(tools: EngineTools, operation: Operation, claim: WonClaim) {
    super();
    this.tools = tools;
    this.operation = operation;
    this.claim = claim;
    this.owner = { id: operation.id, token: claim.request.token };
    this.policy = claim.answer.policy === 'rerun' ? operation.settings.afterFailure : 'refuse';
    this.hasSteps = claim.answer.steps.size > 0;
    this.lease = new Lease(tools, operation, this.owner, claim.sentAt);
  }

  /** The handler's context, created on first use; later calls ignore `answering`. */
  contextFor(answering: Answering<unknown, unknown>): AnyContext {
    this.#context ??= new AttemptContext(this, answering);
    // It is created without the store's transaction type; the engine's type parameter restores it.
    return this.#context as object as AnyContext;
  }

  /** Steps that earlier attempts saved and that this one has not asked for. */
  unaskedSteps(): readonly string[] {
    return this.#ownContext().unaskedSteps();
  }

  /** Called before the release of a record that was taken over; see the context. */
  noteDeadWorker(): Promise<void> {
    return this.#ownContext().noteDeadWorker();
  }

  #ownContext(): AttemptContext {
    this.#context ??= new AttemptContext(this, plainAnswering as Answering<unknown, unknown>);
    return this.#context;
  }
}
