/**
 * Runs a handler under a claim that was won, and records what came of it.
 *
 * @module
 */

import type { Claim } from './claiming.ts';
import { type ConclusionOptions, effectivePolicy, isKept, releaseRecord, storeResult } from './conclusion.ts';
import type { Context } from './context.ts';
import { StoreUnavailableError } from './errors.ts';
import type { Handler, Operation, Outcome, Recorded, Recover, Verdict } from './operation.ts';
import { askRecover } from './recovery.ts';
import { type AnyStore, RunningContext } from './running-context.ts';
import { type Running, RunningSet } from './running-set.ts';
import type { Claimed, StoredResult, TransactionKind } from './store.ts';
import type { CallTools } from './store-call.ts';

/** A claim that was won. */
export interface Won {
  readonly operation: Operation;
  readonly claim: Claim;
  readonly claimed: Claimed;
}

/** A running operation, with all that ends it. */
interface Execution extends Won, Running, ConclusionOptions {
  readonly operation: Operation;
}

/** How soon to look again at a record that somebody else has taken. */
const lookAgainMs = 1_000;

/** Runs handlers on one store. */
export class Executor<Kind extends TransactionKind> {
  readonly running: RunningSet;
  readonly #store: AnyStore;
  readonly #tools: CallTools;

  constructor(store: AnyStore, tools: CallTools) {
    this.#store = store;
    this.#tools = tools;
    this.running = new RunningSet(store, tools);
  }

  /** Runs the handler. What it throws is thrown on, and the record lapses: nobody knows what it did. */
  execute(won: Won, handler: Handler<Kind>): Promise<Outcome> {
    return this.#run(this.#begin(won), handler);
  }

  /** Asks the hook first, and does what it says. */
  async recover(won: Won, recover: Recover, handler: Handler<Kind>): Promise<Outcome> {
    const execution = this.#begin(won);
    const recovery = await askRecover(recover, won.operation, won.claimed, this.#tools.emit);
    if (recovery.verdict === 'rerun') return this.#run(execution, handler);
    if (recovery.verdict === 'respond') return this.#respond(execution, recovery.result);
    await this.#abandon(execution);
    return { kind: 'outcome-unknown' };
  }

  #begin(won: Won): Execution {
    const { operation, claim, claimed } = won;
    const { id, name, settings } = operation;
    const owner = { id, token: claim.request.token };
    const context = new RunningContext({
      ...this.#tools,
      store: this.#store,
      owner,
      operation: name,
      settings,
      claimedAt: claim.sentAt,
      claimed,
    });
    const execution: Execution = { ...won, ...this.#tools, store: this.#store, owner, context };
    this.running.add(execution);
    const { attempt, tookOver } = claimed;
    this.#tools.emit?.({ type: 'claimed', id, operation: name, attempt, tookOver });
    return execution;
  }

  async #run(execution: Execution, handler: Handler<Kind>): Promise<Outcome> {
    const { context } = execution;
    let verdict: Verdict;
    try {
      // The context is made without the store's transaction type; the engine's own type parameter gives it back.
      verdict = await handler(context as Context<TransactionKind> as Context<Kind>);
    } catch (error) {
      await this.#abandon(execution);
      throw error;
    }
    const recorded = context.finished ? 'stored' : await this.#record(execution, verdict);
    return this.#end(execution, recorded);
  }

  #record(execution: Execution, verdict: Verdict): Promise<Recorded> {
    const { operation, context, claimed } = execution;
    const kept = isKept(verdict, context, effectivePolicy(claimed, operation), operation.settings.maxAttempts);
    return kept ? storeResult(execution, context, verdict) : releaseRecord(execution, context);
  }

  async #respond(execution: Execution, result: StoredResult): Promise<Outcome> {
    const verdict: Verdict = { outcome: 'done', result, tombstone: result.bytes };
    const recorded = await storeResult(execution, execution.context, verdict);
    this.#end(execution, recorded);
    if (recorded === 'lost') return { kind: 'in-progress', retryAfterMs: lookAgainMs };
    if (recorded === 'unstored') {
      return {
        kind: 'unavailable',
        error: new StoreUnavailableError('The recovered answer could not be stored. Retry.'),
      };
    }
    const { operationId } = execution.claimed;
    return { kind: 'replay', result, operationId, completedAtMs: this.#tools.runtime.clock.now() };
  }

  async #abandon(execution: Execution): Promise<void> {
    execution.context.lease.stop();
    await this.running.abandon(execution);
    this.running.delete(execution);
  }

  #end(execution: Execution, recorded: Recorded): Outcome {
    const { operation, claimed, context } = execution;
    context.lease.stop();
    this.running.delete(execution);
    this.#tools.emit?.({ type: 'executed', id: operation.id, operation: operation.name, recorded });
    return {
      kind: 'executed',
      recorded,
      policy: effectivePolicy(claimed, operation),
      attempt: claimed.attempt,
    };
  }
}
