/**
 * The interface of a store: each method is one atomic step and, with a server, one round trip.
 *
 * A store handles records, tokens and time, but no policy, HTTP or handler. Lost ownership is a returned value; an
 * exception always means that the store could not answer.
 *
 * @module
 */

import { LatchkeyError } from './errors.ts';
import type { Outbox } from './outbox.ts';
import type {
  AbandonRequest,
  ClaimOutcome,
  ClaimRequest,
  CompleteOutcome,
  CompleteRequest,
  ListRequest,
  ReadOptions,
  RecordPage,
  ReleaseRequest,
  RenewRequest,
  ResolveRequest,
  SaveStepRequest,
  StoredRecord,
  StoreFinding,
  Transacted,
  TransactionOutcome,
} from './store-types.ts';
import type { TransactionKind } from './transaction-kind.ts';

export type * from './store-types.ts';
export type { TransactionKind } from './transaction-kind.ts';

export type BodyResult<Kind extends TransactionKind, T> = Kind['mode'] extends 'sync'
  ? Transacted<T>
  : Transacted<T> | Promise<Transacted<T>>;

/**
 * Runs `body` in a transaction of the store's own database: checks ownership, extends the lease to `leaseMs`, runs
 * `body`, and saves its write, all in one commit. If `body` throws, the transaction is rolled back and the error is
 * rethrown.
 */
export type TransactionMethod<Kind extends TransactionKind> = <T>(
  request: RenewRequest,
  body: (handle: Kind['handle']) => BodyResult<Kind, T>,
) => Promise<TransactionOutcome<T>>;

/**
 * Keeps records. Every method is atomic and safe to repeat with the same token.
 *
 * @typeParam Kind - the store's transactions; `never` for a store without transactions, whose `context.transaction` is
 * `never` too.
 * @example
 * ```ts
 * const store: Store = memoryStore()
 * await store.ping()
 * ```
 */
export interface Store<Kind extends TransactionKind = never> {
  /** Names the store in events and errors: `memory`, `sqlite`. */
  readonly name: string;
  /** True if records are lost when the process ends. */
  readonly volatile: boolean;
  /** True if stored values are encrypted; fingerprints must then be HMACs, since a plain digest can be guessed. */
  readonly sealed?: boolean;
  /** Takes the record if it is absent, expired, acceptably open, or acceptably lapsed; otherwise returns its state. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Sets the end of the lease to now + `leaseMs`. Returns false if the caller no longer owns the record. */
  renew(request: RenewRequest): Promise<boolean>;
  /** Replaces the lease by the result and starts retention. Also works on a lapsed record that still has the token. */
  complete(request: CompleteRequest): Promise<CompleteOutcome>;
  /**
   * Makes the record open. Keeps its steps, operation id and last token, and its attempt number unless the claim was
   * unused.
   */
  release(request: ReleaseRequest): Promise<boolean>;
  /** Makes the record lapsed at once. */
  abandon(request: AbandonRequest): Promise<boolean>;
  /** Saves a named result. A name that the record already has keeps its first value. */
  saveStep(request: SaveStepRequest): Promise<boolean>;
  /** See {@link TransactionMethod}. Absent if the store has no transactions. */
  readonly transaction?: [Kind] extends [never] ? never : TransactionMethod<Kind>;
  /** See {@link Outbox}. Absent if the store has none. */
  readonly outbox?: [Kind] extends [never] ? never : Outbox<Kind>;
  /** Calls `onChange` when the record may have changed, until the returned function is called. Calls may be lost. */
  watch?(id: string, onChange: () => void): () => void;
  /** Reads a record without changing it. */
  read(id: string, options?: ReadOptions): Promise<StoredRecord | undefined>;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
  /** Returns the time of the store's own clock, in milliseconds. Absent if the store uses the clock of this machine. */
  now?(): Promise<number>;
  /** Examines the settings of the store's server and reports what may lose records. Absent if there is nothing to examine. */
  doctor?(): Promise<readonly StoreFinding[]>;
  /** Ends the store's own timers and connections; a client or handle passed by the user stays open. */
  close(): Promise<void>;
}

/**
 * A store with the methods that an operator and a completer need in addition. A guard does not need them.
 *
 * @example
 * ```ts
 * const store: OperatorStore = memoryStore()
 * const { records } = await store.list({ state: 'lapsed', limit: 50 })
 * ```
 */
export interface OperatorStore<Kind extends TransactionKind = never> extends Store<Kind> {
  /** Lists records in one state. */
  list(request: ListRequest): Promise<RecordPage>;
  /** Applies an operator's decision to a lapsed record. Returns false if it isn't lapsed or its token has changed. */
  resolve(request: ResolveRequest): Promise<boolean>;
  /** Removes all records of a principal, given by its digest, including running ones. Returns their number. */
  erase(principal: string): Promise<number>;
  /** Removes up to `limit` expired records. Returns their number. */
  sweep(limit: number): Promise<number>;
}

/** A store with any kind of transactions. */
export type AnyStore = Store<TransactionKind>;

/** An operator's store with any kind of transactions. */
export type AnyOperatorStore = OperatorStore<TransactionKind>;

const operatorMethods = ['list', 'resolve', 'erase', 'sweep'] as const;

/** The methods that an {@link OperatorStore} has beyond those of a {@link Store}. */
export type OperatorMethods = Pick<OperatorStore, (typeof operatorMethods)[number]>;

/** Whether a store is an {@link OperatorStore}. */
export function isOperatorStore<Kind extends TransactionKind>(store: Store<Kind>): store is OperatorStore<Kind> {
  return missingMethods(store).length === 0;
}

/**
 * Refuses a store that is not an {@link OperatorStore}.
 *
 * @throws LatchkeyError `option-invalid`, with the missing methods.
 */
export function checkOperatorStore(where: string, store: object): void {
  const missing = missingMethods(store);
  if (missing.length === 0) return;
  const demand = `${where}: store must be an OperatorStore, with ${operatorMethods.join(', ')}`;
  throw new LatchkeyError('option-invalid', `${demand}; this one lacks ${missing.join(', ')}.`);
}

function missingMethods(store: object): readonly string[] {
  return operatorMethods.filter((name) => typeof Reflect.get(store, name) !== 'function');
}
