/**
 * What a handler gets: who it is, whether it may still act, and its steps and transactions.
 *
 * @module
 */

import type { TransactionKind } from './store.ts';

/** What a value becomes when it has been through JSON: a Date is a string, a function is gone. */
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

/** What a step's function gets. */
export interface StepTools {
  /** Send this as the Idempotency-Key of the call downstream: the same at every attempt, new for every operation. */
  readonly idempotencyKey: string;
  /** Aborts when the record is no longer this worker's. */
  readonly signal: AbortSignal;
  /**
   * True if an earlier attempt may have begun this step and left no result: its worker died (and did not mark starts,
   * see `steps.markStarts`), or a call to another system got no answer. Then only an answer that is recognisably the
   * other system's own counts.
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

/** As methods, so that a context of one store's transactions passes where those of any store will do. */
interface Enqueuing<Handle> {
  now(handle: Handle, name: string, payload: unknown): void;
  later(handle: Handle, name: string, payload: unknown): Promise<void>;
}

/** Adds a message in an open transaction; see {@link Context.enqueue}. */
type Enqueue<Kind extends TransactionKind> = Enqueuing<Kind['handle']>[Kind['mode'] extends 'sync' ? 'now' : 'later'];

/** Runs the last function of an operation; see {@link Context.finish}. */
export type RunFinish<Kind extends TransactionKind, Answer, Finished> = Kind['mode'] extends 'sync'
  ? (fn: (handle: Kind['handle']) => Answer) => Promise<Finished>
  : (fn: (handle: Kind['handle']) => Promise<Answer> | Answer) => Promise<Finished>;

/**
 * The engine's side of a running operation.
 *
 * @typeParam Kind - the store's transactions; `never` makes `transaction` and `finish` unusable at compile time.
 * @typeParam Answer - what `finish`'s function returns.
 * @typeParam Finished - what `finish` resolves with.
 */
export interface Context<Kind extends TransactionKind = never, Answer = FinalWrite, Finished = void> {
  /** Random, made at the first claim, the same at every attempt. */
  readonly operationId: string;
  /** 1 at the first attempt. */
  readonly attempt: number;
  /** Aborts, with a `LeaseLostError` as reason, when the record is no longer this worker's or `maxRunMs` has passed. */
  readonly signal: AbortSignal;
  /** The key to send downstream under this name: derived from the operation id, never from the client's key. */
  idempotencyKey(name: string): string;
  /**
   * Runs `fn` once and saves its result; a later attempt gets the saved result without running it. Steps run one
   * after another, in loops with numbered names, inside one another, or side by side; between steps that run side by
   * side, wait for steps alone, or their order could differ between attempts.
   *
   * @throws LeaseLostError if the record was taken over; the step is not saved then.
   * @throws LatchkeyError before `fn` runs: `step-name-invalid`, `step-name-reused`, `steps-changed` (an earlier
   * attempt saved other steps by now), `too-many-steps`; after it: `step-too-large`, `value-invalid`,
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
   * @throws LeaseLostError if the record was taken over; nothing is committed then.
   */
  readonly transaction: [Kind] extends [never] ? never : RunTransaction<Kind>;
  /** The same, but what `fn` returns is the final answer: effect, answer and completion are one commit. */
  readonly finish: [Kind] extends [never] ? never : RunFinish<Kind, Answer, Finished>;
  /**
   * Puts a message into the store's outbox, inside a transaction: it goes out if, and only if, that commits. A
   * `dispatcher` delivers it at least once, always with the same id. `payload` is a JSON value, delivered as its text,
   * or bytes.
   *
   * @throws LatchkeyError `message-name-reused`, `message-too-large`, `outbox-unsupported`, `step-name-invalid`,
   * `value-invalid`; thrown on from the transaction, they roll it back.
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

/** What the engine's own `finish` is given: the final result, as bytes. */
export interface FinalWrite {
  readonly result: { readonly kind: 'value' | 'tombstone'; readonly bytes: Uint8Array };
  readonly tombstone: Uint8Array;
}

/** A context of any kind of transactions and answers. */
export type AnyContext = Context<TransactionKind, unknown, unknown>;

/** How a layer on top of the engine turns its answers into bytes, and what its `finish` resolves with. */
export interface Answering<Answer, Finished> {
  /** Called inside the transaction, whose store refuses a promise where its transactions are synchronous. */
  encode(answer: Answer): FinalWrite | Promise<FinalWrite>;
  /** Called once, after the commit. */
  finished(answer: Answer): Finished;
}

/** The engine's own: answers are bytes already. */
export const plainAnswering: Answering<FinalWrite, void> = { encode: (answer) => answer, finished: () => {} };
