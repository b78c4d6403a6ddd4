/**
 * The context of a running operation: steps, transactions and `finish`, each checked for ownership of the record.
 *
 * @module
 */

import type { Answering, Jsonify, StepTools } from '../context.ts';
import { LatchkeyError, LeaseLostError } from '../errors.ts';
import { anyStep, startMark } from '../steps/saved-step.ts';
import { StepJournal } from '../steps/step-journal.ts';
import { callInside } from '../steps/step-nesting.ts';
import type { Transacted, TransactionKind, TransactionMethod } from '../store.ts';
import { decodeValue, encodeValue } from '../support/codec.ts';
import { derivedKey } from '../support/digest.ts';
import { callUntil } from '../support/store-call.ts';
import { chain } from '../support/thenable.ts';
import type { Attempt } from './attempt.ts';
import { checkAdded, newMessage, outboxOf } from './enqueue.ts';

type Body<T> = (handle: unknown) => T | PromiseLike<T>;

/** Implements `Context` for one attempt. The engine gives it its type. */
export class AttemptContext {
  readonly operationId: string;
  readonly attempt: number;
  readonly #attempt: Attempt;
  readonly #answering: Answering<unknown, unknown>;
  #journal: StepJournal | undefined;
  /** Steps of this attempt that failed and may have had an effect. */
  #unanswered: Set<string> | undefined;

  constructor(attempt: Attempt, answering: Answering<unknown, unknown>) {
    this.#attempt = attempt;
    this.#answering = answering;
    const { operationId, attempt: count } = attempt.claim.answer;
    this.operationId = operationId;
    this.attempt = count;
  }

  get signal(): AbortSignal {
    return this.#attempt.lease.signal;
  }

  idempotencyKey(name: string): string {
    return derivedKey(this.operationId, name);
  }

  step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>> {
    return this.#once(name, async (journal) => {
      const bytes = this.#stepBytes(name, await callInside(journal, name, () => fn(this.#tools(name))));
      await this.#save(name, journal.pack(name, bytes));
      return bytes;
    }) as Promise<Jsonify<T>>;
  }

  /** `context.transaction`: commits the effects of `fn` together with its saved result. */
  transaction<T>(name: string, fn: Body<T>): Promise<Jsonify<T>> {
    return this.#once(name, (journal) =>
      this.#transact((handle) =>
        chain(
          callInside(journal, name, () => fn(handle)),
          (made) => {
            const bytes = this.#stepBytes(name, made);
            const value = journal.pack(name, bytes);
            return { value: bytes, write: { kind: 'step', name, value } as const };
          },
        ),
      ),
    ) as Promise<Jsonify<T>>;
  }

  /** `context.finish`: the result of the function becomes the result of the operation. */
  async finish(fn: Body<unknown>): Promise<unknown> {
    const attempt = this.#attempt;
    if (attempt.finished)
      throw new LatchkeyError('step-name-reused', 'finish must be called only once; its answer is already stored.');
    attempt.lease.assertHeld();
    const answer = await this.#transact((handle) => chain(fn(handle), (made) => this.#finalWrite(made)));
    attempt.finished = true;
    attempt.lease.stop();
    return this.#answering.finished(answer);
  }

  /** `context.enqueue`: synchronous if the store's transactions are synchronous. */
  enqueue(handle: unknown, name: string, payload: unknown): void | Promise<void> {
    const { operation, tools } = this.#attempt;
    const sender = {
      operationId: this.operationId,
      operation: operation.name,
      maxBytes: operation.settings.maxStepBytes,
    };
    const added = outboxOf(tools.store).enqueue(handle, newMessage(sender, name, payload));
    return chain(added, (isNew) => checkAdded(name, isNew));
  }

  /** The bytes of the answer. A store with synchronous transactions refuses a promise. */
  #finalWrite(answer: unknown): Transacted<unknown> | Promise<Transacted<unknown>> {
    const attempt = this.#attempt;
    const { retentionMs, whenRunning } = attempt.operation.settings;
    return chain(this.#answering.encode(answer), (written) => {
      attempt.mayHaveFinished = true;
      return { value: answer, write: { kind: 'result', ...written, retentionMs, notify: whenRunning === 'wait' } };
    });
  }

  /** Steps that earlier attempts saved and that this one has not asked for. */
  unaskedSteps(): string[] {
    return this.#steps().unasked();
  }

  /** Returns the saved value of `name`, or runs the step and saves its value. A step that failed may be tried again. */
  async #once(name: string, make: (journal: StepJournal) => Promise<Uint8Array>): Promise<unknown> {
    const attempt = this.#attempt;
    attempt.lease.assertHeld();
    const journal = this.#steps();
    const saved = await journal.ask(name, () => this.signal).catch((error: unknown) => this.#refused(error));
    if (saved !== undefined) return decodeValue(saved);
    try {
      // The step may have waited for its turn.
      attempt.lease.assertHeld();
      if (attempt.operation.settings.markStepStarts) await this.#markStart(name);
      const bytes = await make(journal);
      attempt.hasSteps = true;
      journal.saved(name);
      return decodeValue(bytes);
    } catch (error) {
      journal.failed(name);
      if (error instanceof LeaseLostError) attempt.cutStep = true;
      else if (mayHaveHappened(error)) await this.#noteUnanswered(name);
      throw error;
    }
  }

  #refused(error: unknown): never {
    if (error instanceof LatchkeyError && error.code === 'steps-changed') this.#attempt.stepsChanged = true;
    throw error;
  }

  /** Created on first access: many handlers have no steps. */
  #steps(): StepJournal {
    const { claim, operation, tools } = this.#attempt;
    this.#journal ??= new StepJournal(claim.answer.steps, operation.settings, tools.runtime);
    return this.#journal;
  }

  /** From here on the attempt may have had an effect, whether or not the step is ever saved. */
  async #markStart(name: string): Promise<void> {
    const startedAt = new Date(this.#attempt.tools.runtime.clock.now()).toISOString();
    await this.#save(startMark(name), encodeValue(startedAt));
    this.#attempt.hasSteps = true;
  }

  /**
   * The next attempt of this step must know this, also after a release. An unavailable store must not hide the error.
   */
  async #noteUnanswered(name: string): Promise<void> {
    this.#unanswered ??= new Set();
    this.#unanswered.add(name);
    if (!this.#attempt.operation.settings.markStepStarts) {
      await this.#markStart(name).catch(() => {
        this.#attempt.cutStep = true;
      });
    }
  }

  /**
   * Called before a release: a worker that died may have begun any step. An open record would not show that, nor refuse
   * another payload.
   */
  async noteDeadWorker(): Promise<void> {
    const { claim, operation } = this.#attempt;
    const { tookOver, steps } = claim.answer;
    if (!tookOver || operation.settings.markStepStarts || steps.has(startMark(anyStep))) return;
    await this.#markStart(anyStep);
  }

  #mayHaveBegun(name: string): boolean {
    const { claim, operation } = this.#attempt;
    const { tookOver, steps } = claim.answer;
    if ([name, anyStep].some((begun) => steps.has(startMark(begun))) || this.#unanswered?.has(name)) return true;
    return tookOver && !operation.settings.markStepStarts;
  }

  #stepBytes(name: string, value: unknown): Uint8Array {
    const bytes = encodeValue(value);
    const { maxStepBytes } = this.#attempt.operation.settings;
    if (bytes.byteLength > maxStepBytes) throw stepTooLarge(name, bytes.byteLength, maxStepBytes);
    return bytes;
  }

  #tools(name: string): StepTools {
    const { lease } = this.#attempt;
    return {
      idempotencyKey: this.idempotencyKey(name),
      mayHaveBegun: this.#mayHaveBegun(name),
      get signal() {
        return lease.signal;
      },
    };
  }

  async #save(name: string, value: Uint8Array): Promise<void> {
    const { tools, owner, operation, lease } = this.#attempt;
    const save = () => tools.store.saveStep({ ...owner, name, value });
    const owned = await callUntil(tools, lease.writeDeadline(), operation.name, 'save-step', save);
    if (!owned) this.#lost();
  }

  async #transact<T>(body: Body<Transacted<T>>): Promise<T> {
    const { owner, lease, operation } = this.#attempt;
    const { store } = this.#attempt.tools;
    const { settings } = operation;
    const method = store.transaction as TransactionMethod<TransactionKind> | undefined;
    const run = method?.bind(store);
    if (run === undefined) throw transactionUnsupported(store.name);
    const leaseMs = Math.max(settings.leaseMs, settings.transactionLeaseMs);
    const request = { ...owner, leaseMs, unresolvedRetentionMs: settings.unresolvedRetentionMs };
    const done = await lease.suspend(leaseMs, () => run(request, body as (handle: unknown) => Transacted<T>));
    return done.outcome === 'committed' ? done.value : this.#lost();
  }

  #lost(): never {
    this.#attempt.lease.lose('taken-over');
    throw new LeaseLostError('The record was taken over or resolved. This step was not saved. Stop.');
  }
}

/** True for an error of `stepFetch` whose call got no answer. An application may have wrapped the error in its own. */
function mayHaveHappened(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return Reflect.get(error, 'mayHaveHappened') === true || mayHaveHappened(error.cause);
}

function stepTooLarge(name: string, bytes: number, maxStepBytes: number): LatchkeyError {
  return new LatchkeyError(
    'step-too-large',
    `The result of the step ${JSON.stringify(name)} must be at most maxStepBytes (${maxStepBytes}) long; got ${bytes} bytes. Return less, such as an id.`,
  );
}

function transactionUnsupported(storeName: string): LatchkeyError {
  return new LatchkeyError(
    'transaction-unsupported',
    `The ${storeName} store has no transactions; use context.step, or a store in the database that you write to.`,
  );
}
