/**
 * The interface that a store implements: one atomic step, and against a server one round trip, per method.
 *
 * A store knows records, tokens and time. It knows no policy, no HTTP and no handler. Lost ownership is a
 * returned value; an exception always means that the store could not answer.
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
  Transacted,
  TransactionOutcome,
} from './store-types.ts';
import type { TransactionKind } from './transaction-kind.ts';

export type * from './store-types.ts';
export type { TransactionKind } from './transaction-kind.ts';

type BodyResult<Kind extends TransactionKind, T> = Kind['mode'] extends 'sync'
  ? Transacted<T>
  : Transacted<T> | Promise<Transacted<T>>;

/**
 * Runs `body` in a transaction of the store's own database: ownership is checked first, the lease is extended to
 * `leaseMs`, then `body` runs, then its write is saved, all in one commit. What `body` throws rolls back and is
 * thrown on.
 */
export type TransactionMethod<Kind extends TransactionKind> = <T>(
  request: RenewRequest,
  body: (handle: Kind['handle']) => BodyResult<Kind, T>,
) => Promise<TransactionOutcome<T>>;

/**
 * Where records live. Every method is atomic and safe to repeat with the same token.
 *
 * @typeParam Kind - the store's transactions; `never` for a store that has none, and then `context.transaction`
 * is `never` too.
 * @example
 * ```ts
 * const store: Store = memoryStore()
 * await store.ping()
 * ```
 */
export interface Store<Kind extends TransactionKind = never> {
  /** Names the store in events and errors: `memory`, `sqlite`. */
  readonly name: string;
  /** True if records are gone with the process. */
  readonly volatile: boolean;
  /** True if what is stored is encrypted, so that fingerprints must not be plain digests either. */
  readonly sealed?: boolean;
  /** Takes the record if it is absent, expired, acceptably open, or acceptably lapsed; else says what it is. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Moves the lease's end to now + `leaseMs`. False if the record is no longer the owner's to renew. */
  renew(request: RenewRequest): Promise<boolean>;
  /** Swaps the lease for the result and starts retention. Works on a lapsed record that still has the token. */
  complete(request: CompleteRequest): Promise<CompleteOutcome>;
  /** Makes the record open; keeps its steps, operation id and last token, and unless the claim was unused its attempt. */
  release(request: ReleaseRequest): Promise<boolean>;
  /** Makes the record lapsed at once. */
  abandon(request: AbandonRequest): Promise<boolean>;
  /** Saves a named result; a name that was saved by this record already keeps its first value. */
  saveStep(request: SaveStepRequest): Promise<boolean>;
  /** See {@link TransactionMethod}. Absent if the store has no transactions. */
  readonly transaction?: [Kind] extends [never] ? never : TransactionMethod<Kind>;
  /** See {@link Outbox}. Absent if the store has none. */
  readonly outbox?: [Kind] extends [never] ? never : Outbox<Kind>;
  /** Calls `onChange` when the record may have changed; returns the way to stop. A hint: it may be lost. */
  watch?(id: string, onChange: () => void): () => void;
  /** Looks without touching. */
  read(id: string, options?: ReadOptions): Promise<StoredRecord | undefined>;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
  /** Ends timers and connections of the store's own; a handle that the user brought stays open. */
  close(): Promise<void>;
}

/**
 * A store that people and a completer can work with too: an operator and a completer need this half, a guard does not.
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
  /** Applies an operator's decision to a lapsed record; false if it isn't lapsed or its token changed. */
  resolve(request: ResolveRequest): Promise<boolean>;
  /** Removes all records of a principal (given by its digest), running ones too; returns how many. */
  erase(principal: string): Promise<number>;
  /** Removes up to `limit` expired records; returns how many. */
  sweep(limit: number): Promise<number>;
}

/** A store of any kind of transactions, as the engine handles it. */
export type AnyStore = Store<TransactionKind>;

/** An operator's store of any kind of transactions. */
export type AnyOperatorStore = OperatorStore<TransactionKind>;

const operatorMethods = ['list', 'resolve', 'erase', 'sweep'] as const;

/** The methods that an {@link OperatorStore} has beyond those of a {@link Store}. */
export type OperatorMethods = Pick<OperatorStore, (typeof operatorMethods)[number]>;

/** Whether a store has the operator's half. */
export function isOperatorStore<Kind extends TransactionKind>(store: Store<Kind>): store is OperatorStore<Kind> {
  return missingMethods(store).length === 0;
}

/**
 * Refuses a store that lacks some of the operator's half.
 *
 * @throws LatchkeyError `option-invalid`, which names what is missing.
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
