/**
 * The engine: claims a record, runs the handler under a lease, and stores what came of it. It knows no HTTP, no
 * store and no framework; results are bytes.
 *
 * @module
 */

import type { CompletableRun } from '../completable.ts';
import { type Answering, type AnyContext, type FinalWrite, plainAnswering } from '../context.ts';
import { createEmit } from '../emitter.ts';
import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import type { Log } from '../log.ts';
import { askAgainMs, type Handler, mayBegin, type Operation, type Outcome, type Recover } from '../operation.ts';
import { type Runtime, systemRuntime } from '../runtime.ts';
import type { AnyStore, Claimed, ClaimOutcome, Store, TransactionKind } from '../store.ts';
import { isTooOldToRerun } from '../support/rerun-age.ts';
import type { CallTools } from '../support/store-call.ts';
import { UnprotectedContext } from './attempt-context.ts';
import { type Claim, Claimer, type ClaimTerms, shuttingDown } from './claimer.ts';
import { Executor, type Task, type Won } from './executor.ts';
import { ChangeWaiter } from './waiting.ts';

/** What an engine is made from. */
export interface EngineOptions<Kind extends TransactionKind> {
  readonly store: Store<Kind>;
  readonly runtime?: Runtime;
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
  readonly log?: Log | false;
}

/**
 * Runs operations one at a time per record and answers repeats from what is stored.
 *
 * @example
 * ```ts
 * const engine = new Engine({ store: memoryStore() })
 * const outcome = await engine.run(operation, async (context) => ({ outcome: 'done', result, tombstone }))
 * ```
 */
export class Engine<Kind extends TransactionKind = never> {
  readonly #store: AnyStore;
  readonly #tools: CallTools;
  readonly #claimer: Claimer;
  readonly #executor: Executor<Kind>;

  constructor(options: EngineOptions<Kind>) {
    this.#store = options.store as AnyStore;
    this.#tools = { runtime: options.runtime ?? systemRuntime, emit: createEmit(options) };
    this.#executor = new Executor(this.#store, this.#tools);
    this.#claimer = new Claimer(this.#store, this.#tools, this.#executor.running);
  }

  /**
   * Runs `handler` under a claim of the operation's record, or says why not. The store's faults are outcomes; only
   * what the handler throws is thrown on, and its record lapses then.
   */
  async run<Answer = FinalWrite, Finished = void>(
    operation: Operation,
    handler: Handler<Kind, Answer, Finished>,
    answering?: Answering<Answer, Finished>,
  ): Promise<Outcome> {
    const { running } = this.#executor;
    if (running.closing) return { kind: 'unavailable', error: shuttingDown() };
    // From here on the answers' types don't matter: handler and answering were paired by the signature.
    const task = { operation, handler, answering: answering ?? plainAnswering } as Task<Kind>;
    running.enter();
    try {
      let claim: Claim;
      try {
        claim = await this.#claim(operation);
      } catch (error) {
        return await this.#unclaimed(task, error);
      }
      return await this.#proceed(task, claim);
    } finally {
      running.leave();
    }
  }

  /**
   * Refuses new operations, waits for those under way at most `timeoutMs` milliseconds, then aborts what is left and
   * makes its records lapse at once.
   */
  shutdown(timeoutMs = 10_000): Promise<void> {
    return this.#executor.running.shutdown(timeoutMs);
  }

  /**
   * Takes over the lapsed record of `operation` and runs it again; undefined if it was not there to be taken over any
   * more: another worker, an operator or the client was faster. Never begins a new operation.
   */
  async resume(operation: Operation, operationId: string, run: CompletableRun): Promise<Outcome | undefined> {
    const { running } = this.#executor;
    if (running.closing) return undefined;
    running.enter();
    try {
      const claim = await this.#claimer.claim(operation, {
        takeover: 'rerun',
        maxAttempts: operation.settings.maxAttempts,
      });
      const { outcome } = claim;
      if (outcome.outcome !== 'claimed') return undefined;
      if (outcome.tookOver && outcome.operationId === operationId) {
        return await this.#execute({ operation, ...run, claim, claimed: outcome } as Won<Kind>);
      }
      await this.#claimer.undo(operation, claim.request);
      return undefined;
    } finally {
      running.leave();
    }
  }

  #proceed(task: Task<Kind>, claim: Claim): Promise<Outcome> | Outcome {
    const { operation, handler, answering } = task;
    const { outcome } = claim;
    const { recover } = operation;
    if (outcome.outcome === 'claimed') return this.#execute({ operation, handler, answering, claim, claimed: outcome });
    if (recover !== undefined && outcome.outcome === 'lapsed' && isSamePayload(operation, outcome)) {
      return this.#recover(task);
    }
    return this.#answer(operation, outcome);
  }

  /** What a dead worker began too long ago is for the hook, or for a person, to decide. */
  #execute(won: Won<Kind>): Promise<Outcome> {
    const { tookOver, operationId } = won.claimed;
    const isTooOld = tookOver && isTooOldToRerun(operationId, won.operation.settings, this.#tools.runtime.clock.now());
    return this.#begin(won, isTooOld);
  }

  /** Runs the handler, or asks the hook first; neither for a client that left before. */
  #begin(won: Won<Kind>, asksFirst: boolean): Promise<Outcome> {
    const { operation } = won;
    if (!mayBegin(operation)) return this.#claimer.giveBack(won).then(() => ({ kind: 'not-begun' }));
    return asksFirst ? this.#executor.recover(won, operation.recover ?? leaveIt) : this.#executor.execute(won);
  }

  #claim(operation: Operation): Promise<Claim> {
    const { settings } = operation;
    const takeover = settings.afterFailure === 'rerun' ? 'rerun' : 'none';
    const terms: ClaimTerms = { takeover, maxAttempts: settings.maxAttempts };
    const claiming = this.#claimer.claim(operation, terms);
    return settings.whenRunning === 'wait' ? this.#wait(operation, terms, claiming) : claiming;
  }

  async #wait(operation: Operation, terms: ClaimTerms, first: Promise<Claim>): Promise<Claim> {
    let claim = await first;
    if (!isRunning(operation, claim.outcome)) return claim;
    const { clock } = this.#tools.runtime;
    const giveUpAt = clock.monotonic() + operation.settings.waitMs;
    const waiter = new ChangeWaiter(this.#store, operation, this.#tools);
    try {
      while (isRunning(operation, claim.outcome) && clock.monotonic() < giveUpAt) {
        if (this.#executor.running.closing || !mayBegin(operation)) break;
        await waiter.next(giveUpAt - clock.monotonic());
        claim = await this.#claimer.claim(operation, terms);
      }
      return claim;
    } finally {
      waiter.close();
    }
  }

  async #recover(task: Task<Kind>): Promise<Outcome> {
    let claim: Claim;
    try {
      claim = await this.#claimer.claim(task.operation, { takeover: 'any', maxAttempts: Number.MAX_SAFE_INTEGER });
    } catch (error) {
      return this.#unclaimed(task, error);
    }
    const { outcome } = claim;
    if (outcome.outcome !== 'claimed') return this.#answer(task.operation, outcome);
    return this.#begin({ ...task, claim, claimed: outcome }, outcome.tookOver);
  }

  async #unclaimed({ operation, handler }: Task<Kind>, cause: unknown): Promise<Outcome> {
    const error = cause instanceof LatchkeyError ? cause : new StoreUnavailableError('The store failed.', { cause });
    const runs = operation.settings.whenStoreDown === 'run-unprotected' && error.code === 'store-unavailable';
    if (!runs || !mayBegin(operation)) return { kind: 'unavailable', error };
    this.#tools.emit?.({ type: 'unprotected', operation: operation.name });
    const context = new UnprotectedContext(this.#tools.runtime.random.uuid());
    await handler(context as AnyContext as Parameters<typeof handler>[0]);
    return { kind: 'unprotected' };
  }

  #answer(operation: Operation, outcome: Exclude<ClaimOutcome, Claimed>): Outcome {
    const answer = answerTo(operation, outcome);
    const type = answer.kind === 'replay' ? 'replayed' : answer.kind;
    this.#tools.emit?.({ type, id: operation.id, operation: operation.name });
    return answer;
  }
}

const leaveIt: Recover = () => ({ decision: 'leave' });

type Refused = Extract<Outcome, { kind: 'replay' | 'mismatch' | 'in-progress' | 'outcome-unknown' }>;

function answerTo(operation: Operation, outcome: Exclude<ClaimOutcome, Claimed>): Refused {
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

function isSamePayload(operation: Operation, stored: { readonly fingerprint: string }): boolean {
  return operation.fingerprint === stored.fingerprint || operation.acceptable?.includes(stored.fingerprint) === true;
}

function isRunning(operation: Operation, outcome: ClaimOutcome): boolean {
  return outcome.outcome === 'running' && isSamePayload(operation, outcome);
}
