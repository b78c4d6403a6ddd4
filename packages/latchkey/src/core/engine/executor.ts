/**
 * Runs a handler under a claim that was won, and records what came of it.
 *
 * @module
 */

import { auditHookDecision, type Conclude, type HookDecision } from '../audit/hook-decision.ts';
import type { Answering, AnyContext, Context } from '../context.ts';
import { LatchkeyError, LeaseLostError, StoreUnavailableError } from '../errors.ts';
import {
  askAgainMs,
  type Handler,
  mayBegin,
  type Operation,
  type Outcome,
  type Recorded,
  type Recover,
  type RunResult,
} from '../operation.ts';
import type { AnyStore, Claimed, StoredResult, TransactionKind } from '../store.ts';
import type { CallTools } from '../support/store-call.ts';
import { RunningContext } from './attempt-context.ts';
import type { Claim } from './claimer.ts';
import {
  type ConclusionOptions,
  type Ending,
  effectivePolicy,
  endingOf,
  releaseRecord,
  storeResult,
} from './conclusion.ts';
import { askRecover } from './recovery.ts';
import { type Running, RunningSet } from './running-attempts.ts';

/** What the engine was asked to run. */
export interface Task<Kind extends TransactionKind> {
  readonly operation: Operation;
  readonly handler: Handler<Kind, unknown, unknown>;
  readonly answering: Answering<unknown, unknown>;
}

/** A task whose claim was won. */
export interface Won<Kind extends TransactionKind> extends Task<Kind> {
  readonly claim: Claim;
  readonly claimed: Claimed;
}

/** A running operation, with all that ends it. */
interface Execution<Kind extends TransactionKind> extends Won<Kind>, Running, ConclusionOptions {
  readonly operation: Operation;
}

type Decided = HookDecision['recovery'];

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
  execute(won: Won<Kind>): Promise<Outcome> {
    return this.#run(this.#begin(won));
  }

  /** Asks the hook first, and does what it says; nothing that the audit doesn't tell of. */
  async recover(won: Won<Kind>, recover: Recover): Promise<Outcome> {
    const execution = this.#begin(won);
    const recovery = await askRecover(recover, won.operation, won.claimed, this.#tools.emit);
    if (recovery.decision !== 'rerun' && recovery.decision !== 'respond') {
      await this.#abandon(execution);
      return { kind: 'outcome-unknown' };
    }
    const conclude = await this.#audit(execution, recovery);
    if (conclude === undefined) return { kind: 'unavailable', error: unaudited() };
    return this.#carryOut(execution, recovery, conclude);
  }

  async #audit(execution: Execution<Kind>, recovery: Decided): Promise<Conclude | undefined> {
    try {
      return await auditHookDecision({ ...this.#tools, store: this.#store }, { ...execution, recovery });
    } catch (error) {
      // The failed calls were reported as events; any other error is the hook's: what it returned is not a decision.
      const { name } = execution.operation;
      if (!(error instanceof LatchkeyError)) this.#tools.emit?.({ type: 'handler-error', operation: name, error });
      await this.#abandon(execution);
      return undefined;
    }
  }

  async #carryOut(execution: Execution<Kind>, recovery: Decided, conclude: Conclude): Promise<Outcome> {
    if (recovery.decision === 'rerun') {
      if (!isHeld(execution) || !mayBegin(execution.operation)) return this.#tooLate(execution, conclude);
      const [outcome] = await Promise.all([this.#run(execution), conclude('applied')]);
      return outcome;
    }
    const outcome = await this.#respond(execution, recovery.result);
    if (outcome.kind === 'replay') await conclude('applied');
    if (outcome.kind === 'in-progress') await conclude('stale');
    return outcome;
  }

  /**
   * The hook, or the store that took its verdict down, needed longer than the lease, so that the record may be somebody
   * else's; or longer than the client stayed.
   */
  async #tooLate(execution: Execution<Kind>, conclude: Conclude): Promise<Outcome> {
    await this.#abandon(execution);
    await conclude('stale');
    return { kind: 'in-progress', retryAfterMs: askAgainMs };
  }

  #begin(won: Won<Kind>): Execution<Kind> {
    const { operation, claim, claimed, answering } = won;
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
      answering,
    });
    const execution: Execution<Kind> = { ...won, ...this.#tools, store: this.#store, owner, context };
    this.running.add(execution);
    const { attempt, tookOver } = claimed;
    this.#tools.emit?.({ type: 'claimed', id, operation: name, attempt, tookOver });
    return execution;
  }

  async #run(execution: Execution<Kind>): Promise<Outcome> {
    const { context, handler } = execution;
    let verdict: RunResult;
    try {
      // The context is made without the store's transaction type; the engine's own type parameter gives it back.
      verdict = await handler(context as AnyContext as Context<Kind, unknown, unknown>);
    } catch (error) {
      await this.#abandon(execution);
      throw error;
    }
    const ending = context.finished ? 'finished' : this.#endingOf(execution, verdict);
    const rest = ending === 'release' ? verdict.stillRunning?.() : undefined;
    if (rest !== undefined) {
      void this.#releaseAfter(rest, execution);
      return outcomeOf(execution, 'released');
    }
    const recorded = ending === 'finished' ? 'stored' : await this.#record(execution, verdict, ending);
    if (verdict.outcome === 'done') this.#reportUnasked(execution);
    return this.#end(execution, recorded);
  }

  #endingOf({ operation, context, claimed }: Execution<Kind>, verdict: RunResult): Ending {
    return endingOf(verdict, context, effectivePolicy(claimed, operation), operation.settings.maxAttempts);
  }

  /**
   * Releases the record once the handler is at rest, since a retry must not run beside it. Its answer need not wait for
   * that. If its time is over before, the record lapses.
   */
  async #releaseAfter(rest: Promise<unknown>, execution: Execution<Kind>): Promise<void> {
    const { lease } = execution.context;
    this.running.enter();
    try {
      await untilSettled(rest, lease.signal);
      const recorded = lease.end === undefined ? await this.#release(execution) : 'lapsed';
      this.#end(execution, recorded);
    } finally {
      this.running.leave();
    }
  }

  #reportUnasked({ operation, context }: Execution<Kind>): void {
    const { emit } = this.#tools;
    const steps = emit === undefined ? [] : context.unaskedSteps();
    if (steps.length > 0) emit?.({ type: 'steps-unasked', id: operation.id, operation: operation.name, steps });
  }

  #record(execution: Execution<Kind>, verdict: RunResult, ending: Ending): Promise<Recorded> {
    const { context } = execution;
    if (ending === 'lapse') return this.#abandon(execution).then(() => 'lapsed');
    return ending === 'keep' ? storeResult(execution, context, verdict) : this.#release(execution);
  }

  /** A record that can't be released with all that is known of it lapses. */
  async #release(execution: Execution<Kind>): Promise<Recorded> {
    const { context } = execution;
    try {
      await context.noteDeadWorker();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) return this.#abandon(execution).then(() => 'lapsed');
    }
    return releaseRecord(execution, context);
  }

  async #respond(execution: Execution<Kind>, result: StoredResult): Promise<Outcome> {
    const verdict: RunResult = { outcome: 'done', result, tombstone: result.bytes };
    const recorded = await storeResult(execution, execution.context, verdict);
    this.#end(execution, recorded);
    if (recorded === 'lost') return { kind: 'in-progress', retryAfterMs: askAgainMs };
    if (recorded === 'unstored') {
      return {
        kind: 'unavailable',
        error: new StoreUnavailableError('The recovered answer could not be stored. Retry.'),
      };
    }
    const { operationId } = execution.claimed;
    return { kind: 'replay', result, operationId, completedAtMs: this.#tools.runtime.clock.now() };
  }

  async #abandon(execution: Execution<Kind>): Promise<void> {
    execution.context.lease.stop();
    await this.running.abandon(execution);
    this.running.delete(execution);
  }

  #end(execution: Execution<Kind>, recorded: Recorded): Outcome {
    const { operation, context } = execution;
    context.lease.stop();
    this.running.delete(execution);
    this.#tools.emit?.({ type: 'executed', id: operation.id, operation: operation.name, recorded });
    return outcomeOf(execution, recorded);
  }
}

function outcomeOf({ operation, claimed }: Won<never>, recorded: Recorded): Outcome {
  return { kind: 'executed', recorded, policy: effectivePolicy(claimed, operation), attempt: claimed.attempt };
}

/** Resolves when the promise has settled, or the signal has aborted. */
function untilSettled(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
    promise.then(
      () => resolve(),
      () => resolve(),
    );
  });
}

function isHeld({ context }: Running): boolean {
  try {
    context.lease.assertHeld();
    return true;
  } catch {
    return false;
  }
}

function unaudited(): StoreUnavailableError {
  return new StoreUnavailableError('The decision about the lapsed operation could not be stored. Retry.');
}
