/**
 * The context of a handler: its operation, its signal, and its steps and transactions.
 *
 * @module
 */

import type { TransactionKind } from './store.ts';

/** The type of a value after `JSON.parse(JSON.stringify(value))`: a Date is a string, a function is removed. */
export type Jsonify<T> = T extends { toJSON(): infer R }
  ? Jsonify<R>
  : T extends string | number | boolean | null
    ? T
    : T extends undefined | ((...args: never[]) => unknown) | symbol
      ? undefined
      : T extends Uint8Array
        ? T
        : T extends readonly unknown[]
          ? { [K in keyof T]: Jsonify<T[K]> }
          : T extends object
            ? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Jsonify<T[K]> }
            : never;

/** The argument of a step's function. */
export interface StepTools {
  /** The Idempotency-Key to send downstream: the same at every attempt, new for every operation. */
  readonly idempotencyKey: string;
  /** Aborts when this worker no longer owns the record. */
  readonly signal: AbortSignal;
  /**
   * True if an earlier attempt may have begun this step without saving a result: its worker died (and did not mark
   * starts, see `steps.markStarts`), or a call to another system got no answer. Then accept an answer only if it can be
   * recognized as the other system's own.
   */
  readonly mayHaveBegun: boolean;
}

/** Runs a function inside the store's own database; see {@link Context.transaction}. */
export type RunTransaction<Kind extends TransactionKind> = Kind['mode'] extends 'sync'
  ? <F extends (handle: Kind['handle']) => unknown>(
      name: string,
      fn: ReturnType<F> extends PromiseLike<unknown> ? never : F,
    ) => Promise<Jsonify<ReturnType<F>>>
  : <T>(name: string, fn: (handle: Kind['handle']) => Promise<T> | T) => Promise<Jsonify<T>>;

/** Declared as methods, so that the context of one store is assignable to the context of any store. */
export interface Enqueuing<Handle> {
  now(handle: Handle, name: string, payload: unknown): void;
  later(handle: Handle, name: string, payload: unknown): Promise<void>;
}

/** Adds a message in an open transaction; see {@link Context.enqueue}. */
export type Enqueue<Kind extends TransactionKind> = Enqueuing<Kind['handle']>[Kind['mode'] extends 'sync'
  ? 'now'
  : 'later'];

/** Runs the last function of an operation; see {@link Context.finish}. */
export type RunFinish<Kind extends TransactionKind, Answer, Finished> = Kind['mode'] extends 'sync'
  ? (fn: (handle: Kind['handle']) => Answer) => Promise<Finished>
  : (fn: (handle: Kind['handle']) => Promise<Answer> | Answer) => Promise<Finished>;

/**
 * The engine's side of a running operation.
 *
 * @typeParam Kind - the store's transactions; `never` makes `transaction` and `finish` unusable at compile time.
 * @typeParam Answer - the return type of `finish`'s function.
 * @typeParam Finished - the type that `finish` resolves with.
 */
export interface Context<Kind extends TransactionKind = never, Answer = FinalWrite, Finished = void> {
  /** A UUID created at the first claim, the same at every attempt. */
  readonly operationId: string;
  /** 1 at the first attempt. */
  readonly attempt: number;
  /** Aborts with a `LeaseLostError` when this worker no longer owns the record or `maxRunMs` has passed. */
  readonly signal: AbortSignal;
  /** The key to send downstream for a step of this name, derived from the operation id, never from the client's key. */
  idempotencyKey(name: string): string;
  /**
   * Runs `fn` once and saves its result; a later attempt gets the saved result without running it. Steps can run one
   * after another, in loops with numbered names, nested, or concurrently. Between concurrent steps, await only steps,
   * since their order could otherwise differ between attempts.
   *
   * @throws LeaseLostError if the record was taken over; the step is not saved.
   * @throws LatchkeyError before `fn` runs: `step-name-invalid`, `step-name-reused`, `steps-changed` (an earlier
   * attempt saved other steps at this point), `too-many-steps`; after it: `step-too-large`, `value-invalid`,
   * `store-unavailable`.
   * @example
   * ```ts
   * const charge = await context.step('charge', ({ idempotencyKey, signal }) =>
   *   provider.charge(order, { idempotencyKey, signal }))
   * ```
   */
  step<T>(name: string, fn: (tools: StepTools) => Promise<T> | T): Promise<Jsonify<T>>;
  /**
   * Runs `fn` in a transaction of the store's own database; its effects and its saved result are one commit.
   *
   * @throws LeaseLostError if the record was taken over; nothing is committed.
   */
  readonly transaction: [Kind] extends [never] ? never : RunTransaction<Kind>;
  /** Like `transaction`, but `fn` returns the final answer: effect, answer and completion are one commit. */
  readonly finish: [Kind] extends [never] ? never : RunFinish<Kind, Answer, Finished>;
  /**
   * Puts a message into the store's outbox within a transaction. The message is delivered if and only if the
   * transaction commits: at least once, by a `dispatcher`, always with the same id. `payload` is a JSON value,
   * delivered as its text, or bytes.
   *
   * @throws LatchkeyError `message-name-reused`, `message-too-large`, `outbox-unsupported`, `step-name-invalid`,
   * `value-invalid`. If one leaves the transaction's function, the transaction is rolled back.
   * @example
   * ```ts
   * await context.finish(async (tx) => {
   *   await insertOrder(tx, order)
   *   await context.enqueue(tx, 'receipt', { to: order.mail })
   *   return { status: 201, body: order }
   * })
   * ```
   */
  readonly enqueue: [Kind] extends [never] ? never : Enqueue<Kind>;
}

/** The final result as bytes, for the engine's own `finish`. */
export interface FinalWrite {
  readonly result: { readonly kind: 'value' | 'tombstone'; readonly bytes: Uint8Array };
  readonly tombstone: Uint8Array;
}

/** A context of any kind of transactions and answers. */
export type AnyContext = Context<TransactionKind, unknown, unknown>;

/** How a layer on the engine encodes its answers, and what its `finish` resolves with. */
export interface Answering<Answer, Finished> {
  /** Called inside the transaction. A store with synchronous transactions refuses a promise. */
  encode(answer: Answer): FinalWrite | Promise<FinalWrite>;
  /** Called once, after the commit. */
  finished(answer: Answer): Finished;
}

/** For answers that are already bytes. */
export const plainAnswering: Answering<FinalWrite, void> = { encode: (answer) => answer, finished: () => {} };
