/**
 * The context of a running operation: steps, transactions and `finish`, each under the proof of ownership.
 *
 * @module
 */

import type { Answering, Jsonify, StepTools } from '../context.ts';
import { LatchkeyError, LeaseLostError, StoreUnavailableError } from '../errors.ts';
import { anyStep, startMark } from '../steps/saved-step.ts';
import { StepJournal } from '../steps/step-journal.ts';
import { callInside } from '../steps/step-nesting.ts';
import type { AnyStore, Claimed, Transacted, TransactionKind, TransactionMethod } from '../store.ts';
import { decodeValue, encodeValue } from '../support/codec.ts';
import { derivedKey } from '../support/digest.ts';
import { callUntil } from '../support/store-call.ts';
import { chain } from '../support/thenable.ts';
import { checkAdded, newMessage, outboxOf } from './enqueue.ts';
import { Lease, type LeaseOptions } from './lease.ts';

type Body<T> = (handle: unknown) => T | PromiseLike<T>;

/** What a {@link RunningContext} is made from. */
export interface RunningContextOptions extends LeaseOptions {
  readonly store: AnyStore;
  readonly claimed: Claimed;
  readonly answering: Answering<unknown, unknown>;
}

/** Implements `Context` on a claim. The typed face is given by the engine. */
export class RunningContext {
  readonly operationId: string;
  readonly attempt: number;
  readonly lease: Lease;
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
  readonly #options: RunningContextOptions;
  #journal: StepJournal | undefined;
  /** Steps of this attempt that failed and may have been carried out. */
  #unanswered: Set<string> | undefined;

  constructor(options: RunningContextOptions) {
    this.#options = options;
    this.operationId = options.claimed.operationId;
    this.attempt = options.claimed.attempt;
    this.hasSteps = options.claimed.steps.size > 0;
    this.lease = new Lease(options);
  }

  get signal(): AbortSignal {
    return this.lease.signal;
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

  /** `context.transaction`: the effects of `fn` and its saved result are one commit. */
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

  /** `context.finish`: the function's result is the operation's. */
  async finish(fn: Body<unknown>): Promise<unknown> {
    if (this.finished) throw new LatchkeyError('step-name-reused', 'finish was called twice; its answer is stored.');
    this.lease.assertHeld();
    const answer = await this.#transact((handle) => chain(fn(handle), (made) => this.#finalWrite(made)));
    this.finished = true;
    this.lease.stop();
    return this.#options.answering.finished(answer);
  }

  /** `context.enqueue`: synchronous where the store's transactions are. */
  enqueue(handle: unknown, name: string, payload: unknown): void | Promise<void> {
    const { store, operation, settings } = this.#options;
    const sender = { operationId: this.operationId, operation, maxBytes: settings.maxStepBytes };
    const added = outboxOf(store).enqueue(handle, newMessage(sender, name, payload));
    return chain(added, (isNew) => checkAdded(name, isNew));
  }

  #finalWrite(answer: unknown): Transacted<unknown> {
    const { answering, settings } = this.#options;
    const { retentionMs, whenRunning } = settings;
    const notify = whenRunning === 'wait';
    const write = { kind: 'result', ...answering.encode(answer), retentionMs, notify } as const;
    this.mayHaveFinished = true;
    return { value: answer, write };
  }

  /** Steps that earlier attempts saved and that this one has not asked for. */
  unaskedSteps(): string[] {
    return this.#options.claimed.steps.size === 0 ? [] : this.#steps().unasked();
  }

  /** Gives the saved value of `name`, or makes and remembers it; a name that failed may be tried again. */
  async #once(name: string, make: (journal: StepJournal) => Promise<Uint8Array>): Promise<unknown> {
    this.lease.assertHeld();
    const journal = this.#steps();
    const saved = await journal.ask(name, () => this.signal).catch((error: unknown) => this.#refused(error));
    if (saved !== undefined) return decodeValue(saved);
    try {
      // It may have waited for its turn.
      this.lease.assertHeld();
      if (this.#options.settings.markStepStarts) await this.#markStart(name);
      const bytes = await make(journal);
      this.hasSteps = true;
      journal.saved(name);
      return decodeValue(bytes);
    } catch (error) {
      journal.failed(name);
      if (error instanceof LeaseLostError) this.cutStep = true;
      else if (mayHaveHappened(error)) await this.#noteUnanswered(name);
      throw error;
    }
  }

  #refused(error: unknown): never {
    if (error instanceof LatchkeyError && error.code === 'steps-changed') this.stepsChanged = true;
    throw error;
  }

  /** Created on first access: many handlers have no steps. */
  #steps(): StepJournal {
    const { claimed, settings, runtime } = this.#options;
    this.#journal ??= new StepJournal(claimed.steps, settings, runtime);
    return this.#journal;
  }

  /** From here on something may have been done under the record, whether or not the step is ever saved. */
  async #markStart(name: string): Promise<void> {
    const startedAt = new Date(this.#options.runtime.clock.now()).toISOString();
    await this.#save(startMark(name), encodeValue(startedAt));
    this.hasSteps = true;
  }

  /** The next attempt of this step has to know, also after a release. A store that is away must not hide the error. */
  async #noteUnanswered(name: string): Promise<void> {
    this.#unanswered ??= new Set();
    this.#unanswered.add(name);
    if (!this.#options.settings.markStepStarts) {
      await this.#markStart(name).catch(() => {
        this.cutStep = true;
      });
    }
  }

  /**
   * Before a release: a worker that died may have begun any step, and an open record would neither say so nor refuse
   * another payload.
   */
  async noteDeadWorker(): Promise<void> {
    const { claimed, settings } = this.#options;
    if (!claimed.tookOver || settings.markStepStarts || claimed.steps.has(startMark(anyStep))) return;
    await this.#markStart(anyStep);
  }

  #mayHaveBegun(name: string): boolean {
    const { claimed, settings } = this.#options;
    if ([name, anyStep].some((begun) => claimed.steps.has(startMark(begun))) || this.#unanswered?.has(name))
      return true;
    return claimed.tookOver && !settings.markStepStarts;
  }

  #stepBytes(name: string, value: unknown): Uint8Array {
    const bytes = encodeValue(value);
    const { maxStepBytes } = this.#options.settings;
    if (bytes.byteLength > maxStepBytes) throw stepTooLarge(name, bytes.byteLength, maxStepBytes);
    return bytes;
  }

  #tools(name: string): StepTools {
    const { lease } = this;
    return {
      idempotencyKey: this.idempotencyKey(name),
      mayHaveBegun: this.#mayHaveBegun(name),
      get signal() {
        return lease.signal;
      },
    };
  }

  async #save(name: string, value: Uint8Array): Promise<void> {
    const { store, owner, operation } = this.#options;
    const label = { operation, during: 'save-step' };
    const save = () => store.saveStep({ ...owner, name, value });
    const owned = await callUntil(this.#options, this.lease.writeDeadline(), label, save);
    if (!owned) this.#lost();
  }

  async #transact<T>(body: Body<Transacted<T>>): Promise<T> {
    const { store, owner, settings } = this.#options;
    const method = store.transaction as TransactionMethod<TransactionKind> | undefined;
    const run = method?.bind(store);
    if (run === undefined) throw transactionUnsupported(store.name);
    const leaseMs = Math.max(settings.leaseMs, settings.transactionTimeoutMs);
    const request = { ...owner, leaseMs, unresolvedRetentionMs: settings.unresolvedRetentionMs };
    const done = await this.lease.suspend(leaseMs, () => run(request, body as (handle: unknown) => Transacted<T>));
    return done.outcome === 'committed' ? done.value : this.#lost();
  }

  #lost(): never {
    this.lease.lose('taken-over');
    throw new LeaseLostError('The record was taken over or resolved; nothing of this step was saved. Stop.');
  }
}

/** An error of `stepFetch` says so, if its call got no answer; an application may have wrapped it in one of its own. */
function mayHaveHappened(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return Reflect.get(error, 'mayHaveHappened') === true || mayHaveHappened(error.cause);
}

function stepTooLarge(name: string, bytes: number, maxStepBytes: number): LatchkeyError {
  return new LatchkeyError(
    'step-too-large',
    `The result of the step ${JSON.stringify(name)} takes ${bytes} bytes, more than maxStepBytes (${maxStepBytes}). Return less, such as an id.`,
  );
}

function transactionUnsupported(storeName: string): LatchkeyError {
  return new LatchkeyError(
    'transaction-unsupported',
    `The ${storeName} store has no transactions; use context.step, or a store in the database that you write to.`,
  );
}

/** The context of a run that nothing protects, because the store was down and the route said to run anyway. */
export class UnprotectedContext {
  readonly attempt = 1;
  readonly operationId: string;
  readonly signal: AbortSignal = new AbortController().signal;

  constructor(operationId: string) {
    this.operationId = operationId;
  }

  idempotencyKey(name: string): string {
    return derivedKey(this.operationId, name);
  }

  async step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>> {
    const tools = { idempotencyKey: this.idempotencyKey(name), signal: this.signal, mayHaveBegun: false };
    const value = await fn(tools);
    return decodeValue(encodeValue(value)) as Jsonify<T>;
  }

  transaction(): Promise<never> {
    return Promise.reject(unprotectedTransaction());
  }

  finish(): Promise<never> {
    return Promise.reject(unprotectedTransaction());
  }

  enqueue(): never {
    throw unprotectedTransaction();
  }
}

function unprotectedTransaction(): StoreUnavailableError {
  return new StoreUnavailableError(
    'The store is down, and a transaction needs its database. Send the request again later.',
  );
}
