/**
 * The engine: claims a record, runs the handler under a lease, and stores the result. It depends on no HTTP code, store
 * or framework; results are bytes.
 *
 * @module
 */

import type { CompletableRun } from '../completable.ts';
import { type Answering, type AnyContext, type FinalWrite, plainAnswering } from '../context.ts';
import type { EventListener } from '../events.ts';
import { createEmit, type Log, observing } from '../log.ts';
import type { Executed, Handler, Operation, Outcome, Recorded, RunResult } from '../operation.ts';
import { type Runtime, systemRuntime } from '../runtime.ts';
import type { AnyStore, Claimed, ClaimOutcome, Store, TransactionKind } from '../store.ts';
import { DueTimer } from '../support/due-timer.ts';
import { isTooOldToRerun } from '../support/operation-age.ts';
import { untilSettled } from '../support/thenable.ts';
import { Attempt, type WonClaim } from './attempt.ts';
import {
  ClaimCall,
  type ClaimResult,
  type EngineParts,
  isLapsed,
  type Refused,
  refusalOf,
  shuttingDown,
  unclaimed,
} from './claim.ts';
import { CompleteCall, endingOf, releaseRecord, untilReturned } from './conclude.ts';
import { recoverLapsed } from './load-recovery.ts';
import { RunningAttempts } from './running-attempts.ts';
import { UndoClaim } from './undo-claim.ts';
import { UnprotectedContext } from './unprotected-context.ts';
import { waitForEnd } from './waiting.ts';

/** The options of an engine. */
export interface EngineOptions<Kind extends TransactionKind> {
  readonly store: Store<Kind>;
  readonly runtime?: Runtime;
  readonly onEvent?: EventListener | undefined;
  /**
   * Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns logging
   * off.
   */
  readonly log?: Log | false | undefined;
}

/**
 * Runs at most one operation per record at a time and answers repeats from the store.
 *
 * @example
 * ```ts
 * const engine = new Engine({ store: memoryStore() })
 * const outcome = await engine.run(operation, async (context) => ({ outcome: 'done', result, tombstone }))
 * ```
 */
export class Engine<Kind extends TransactionKind = never> {
  readonly #parts: EngineParts;

  constructor(options: EngineOptions<Kind>) {
    const { runtime = systemRuntime } = options;
    const emit = createEmit(options);
    const tools = {
      runtime,
      emit,
      observe: observing(emit),
      store: options.store as AnyStore,
      timer: new DueTimer(runtime),
    };
    this.#parts = { tools, running: new RunningAttempts(runtime.timers), undo: new UndoClaim(tools) };
  }

  /**
   * Runs `handler` under a claim of the operation's record, or returns why it did not. Store failures are outcomes.
   * Only errors of the handler are rethrown; the record then lapses. The process stays alive until the call settles.
   */
  async run<Answer = FinalWrite, Finished = void>(
    operation: Operation,
    handler: Handler<Kind, Answer, Finished>,
    answering?: Answering<Answer, Finished>,
  ): Promise<Outcome> {
    // From here on the types of answers don't matter: the signature has paired handler and answering.
    const run = handler as object as (context: AnyContext) => Promise<RunResult>;
    const { timer } = this.#parts.tools;
    timer.hold();
    try {
      const found = await this.claim(operation);
      if (found.kind === 'unprotected') return await this.runUnprotected(operation, run);
      if (found.kind !== 'claimed') return found;
      const context = found.contextFor((answering ?? plainAnswering) as Answering<unknown, unknown>);
      return await this.execute(found, () => run(context));
    } finally {
      timer.release();
    }
  }

  /**
   * Claims the operation's record. Returns an attempt for {@link Engine.execute}, or the reason why the claim was not
   * won, such as an unavailable store. If the operation says so, waits for the end of a running operation and asks the
   * `recover` hook about a lapsed one.
   */
  async claim(operation: Operation): Promise<ClaimResult> {
    const { running } = this.#parts;
    if (running.closing) return this.#unclaimed(operation, shuttingDown());
    const parts = this.#partsOfRequest();
    let result: ClaimResult | undefined;
    running.underWay += 1;
    try {
      let claim = await new ClaimCall(parts, operation).result();
      if (claim.answer.outcome === 'running' && operation.settings.whenRunning === 'wait') {
        claim = await waitForEnd(operation, claim, parts);
      }
      const asks = operation.recover !== undefined && isLapsed(operation, claim.answer);
      if (asks) claim = await new ClaimCall(parts, operation, 'any').result();
      const { answer } = claim;
      const isWon = answer.outcome === 'claimed';
      const found = isWon ? this.#begin(parts, operation, claim as WonClaim, asks) : this.#refuse(operation, answer);
      result = found instanceof Promise ? await found : found;
    } catch (cause) {
      result = this.#unclaimed(operation, cause);
    }
    if (result.kind !== 'claimed') running.leave();
    return result;
  }

  /**
   * Runs the handler of an attempt and stores the result. If the handler throws, the error is rethrown and the record
   * lapses.
   */
  async execute(attempt: Attempt, handler: () => Promise<RunResult>): Promise<Executed> {
    try {
      const result = await handler();
      const ending = attempt.finished ? 'finished' : endingOf(attempt, result);
      let recorded: Recorded = 'stored';
      if (ending === 'release' || ending === 'lapse') recorded = await this.#letGo(attempt, result, ending);
      else {
        if (ending === 'keep') recorded = await new CompleteCall(attempt, result).result();
        if (result.outcome === 'done' && attempt.claim.answer.steps.size > 0) this.#reportUnasked(attempt);
        this.#parts.running.end(attempt, recorded);
      }
      if (attempt.audited !== undefined) await attempt.audited;
      return { kind: 'executed', recorded, policy: attempt.policy, attempt: attempt.claim.answer.attempt };
    } catch (error) {
      await this.#parts.running.abandon(attempt);
      throw error;
    } finally {
      this.#parts.running.leave();
    }
  }

  /** Runs the handler without a claim because the store is down and the operation's settings allow it. */
  async runUnprotected(operation: Operation, handler: (context: AnyContext) => Promise<unknown>): Promise<Outcome> {
    const { runtime, emit } = this.#parts.tools;
    emit?.({ type: 'unprotected', operation: operation.name }, operation.caller);
    this.#parts.running.underWay += 1;
    try {
      await handler(new UnprotectedContext(runtime.random.uuid()) as object as AnyContext);
      return { kind: 'unprotected' };
    } finally {
      this.#parts.running.leave();
    }
  }

  /**
   * Refuses new operations and waits at most `timeoutMs` milliseconds for running ones. Then aborts the remaining ones
   * and makes their records lapse at once.
   */
  shutdown(timeoutMs = 10_000): Promise<void> {
    return this.#parts.running.shutdown(timeoutMs);
  }

  /**
   * Takes over the lapsed record of `operation` and runs it again; undefined if it could no longer be taken over,
   * because another worker, an operator or the client was faster. Never begins a new operation.
   */
  async resume(operation: Operation, operationId: string, run: CompletableRun): Promise<Outcome | undefined> {
    const { running } = this.#parts;
    if (running.closing) return undefined;
    const parts = this.#partsOfRequest();
    running.underWay += 1;
    let result: ClaimResult | undefined;
    try {
      const claim = await new ClaimCall(parts, operation).result();
      const { answer } = claim;
      if (answer.outcome !== 'claimed') return undefined;
      if (answer.tookOver && answer.operationId === operationId) {
        result = await this.#begin(parts, operation, claim as WonClaim, false);
      } else await parts.undo.undo(operation, claim.request);
    } finally {
      if (result?.kind !== 'claimed') running.leave();
    }
    if (result?.kind !== 'claimed') return result;
    const context = result.contextFor(run.answering);
    return this.execute(result, () => run.handler(context));
  }

  /** On platforms where timers belong to a request, each claim has its own timer. */
  #partsOfRequest(): EngineParts {
    const { tools } = this.#parts;
    if (!tools.runtime.timers.perRequest) return this.#parts;
    return { ...this.#parts, tools: { ...tools, timer: new DueTimer(tools.runtime) } };
  }

  /**
   * If the client has already disconnected, neither runs the handler nor asks the hook. A lapsed operation that began
   * too long ago is not rerun automatically.
   */
  #begin(parts: EngineParts, operation: Operation, claim: WonClaim, asks: boolean): ClaimResult | Promise<ClaimResult> {
    const { tools, running, undo } = parts;
    const { id, name, settings } = operation;
    if (operation.caller?.mayBegin() === false) {
      tools.observe?.({ type: 'refused', operation: name, code: 'request-incomplete' });
      return undo.giveBack(operation, claim).then(() => ({ kind: 'not-begun' }));
    }
    const { tookOver, operationId, attempt: count } = claim.answer;
    const attempt = new Attempt(tools, operation, claim);
    running.add(attempt);
    tools.observe?.({ type: 'claimed', id, operation: name, attempt: count, tookOver });
    if (!tookOver || !(asks || isTooOldToRerun(operationId, settings, tools.runtime.clock.now()))) return attempt;
    return recoverLapsed(attempt, running);
  }

  #unclaimed(operation: Operation, cause: unknown): ClaimResult {
    const result = unclaimed(operation, cause);
    if (result.kind === 'unavailable')
      this.#parts.tools.observe?.({ type: 'refused', operation: operation.name, code: result.error.code });
    return result;
  }

  #refuse(operation: Operation, outcome: Exclude<ClaimOutcome, Claimed>): Refused {
    const refusal = refusalOf(operation, outcome);
    const { emit, observe } = this.#parts.tools;
    const { id, name } = operation;
    if (refusal.kind === 'replay') observe?.({ type: 'replayed', id, operation: name });
    else emit?.({ type: refusal.kind, id, operation: name }, operation.caller);
    return refusal;
  }

  /** Makes the record open or lapsed, according to `ending`. */
  async #letGo(attempt: Attempt, result: RunResult, ending: 'release' | 'lapse'): Promise<Recorded> {
    if (ending === 'lapse') return this.#parts.running.abandon(attempt);
    await untilReturned(result);
    const rest = result.stillRunning?.();
    if (rest === undefined) return this.#parts.running.end(attempt, await releaseRecord(attempt));
    void this.#releaseAfter(rest, attempt);
    return 'released';
  }

  /**
   * Releases the record once the handler has settled, since a retry must not run concurrently with it. The answer does
   * not wait for that. If the lease ends first, the record lapses.
   */
  async #releaseAfter(rest: Promise<unknown>, attempt: Attempt): Promise<void> {
    this.#parts.running.underWay += 1;
    try {
      await untilSettled(rest, attempt.lease.signal);
      this.#parts.running.end(attempt, attempt.lease.end === undefined ? await releaseRecord(attempt) : 'lapsed');
    } finally {
      this.#parts.running.leave();
    }
  }

  #reportUnasked(attempt: Attempt): void {
    const { emit } = this.#parts.tools;
    const steps = emit === undefined ? [] : attempt.unaskedSteps();
    const { id, name, caller } = attempt.operation;
    if (steps.length > 0) emit?.({ type: 'steps-unasked', id, operation: name, steps }, caller);
  }
}
