/**
 * The interface that a store implements: one atomic step, and against a server one round trip, per method.
 *
 * A store knows records, tokens and time. It knows no policy, no HTTP and no handler. Lost ownership is a
 * returned value; an exception always means that the store could not answer.
 *
 * @module
 */

import type { Outbox } from './outbox.ts';
import type { TransactionKind } from './transaction-kind.ts';

export type { TransactionKind } from './transaction-kind.ts';

/** What happens after a failure; saved in the record, so that a deployment can't turn an old `refuse` into a rerun. */
export type AfterFailure = 'refuse' | 'rerun';

/** Which lapsed records a claim may take over: none, those saved as `rerun`, or any (for a `recover` hook). */
export type Takeover = 'none' | 'rerun' | 'any';

/** The states that a stored record can be read in. Absent is the lack of a record. */
export type RecordState = 'running' | 'lapsed' | 'open' | 'completed';

/**
 * What a completed record holds. A `tombstone` says that the operation is done and that its full result was
 * not kept; its bytes are the small remainder that was.
 */
export interface StoredResult {
  readonly kind: 'value' | 'tombstone';
  readonly bytes: Uint8Array;
}

/** Saved step results by name, in the order in which they were saved. */
export type SavedSteps = ReadonlyMap<string, Uint8Array>;

/** Identifies the record and proves who writes. */
export interface Owner {
  /** The record's id: a digest of scope and key. */
  readonly id: string;
  /** The random value of this claim. */
  readonly token: string;
}

/** The arguments of {@link Store.claim}. */
export interface ClaimRequest extends Owner {
  /** A digest of the principal, by which `erase` finds the record. */
  readonly principal: string;
  /** What people see in a list: method and path, or the function's name. Holds no key. */
  readonly operation: string;
  /** Used if the record is absent; an existing record keeps its own. */
  readonly operationId: string;
  /** Stored if the claim creates the record or takes an open one that has no saved step. */
  readonly fingerprint: string;
  /** Fingerprints that count as the same payload; always includes `fingerprint`. */
  readonly acceptable: readonly string[];
  /**
   * What was asked, so that a completer can run it again: stored whenever `fingerprint` is, and gone once the record
   * is completed.
   */
  readonly request?: Uint8Array;
  /** Stored with the record at every successful claim that creates it; an existing record keeps its own. */
  readonly policy: AfterFailure;
  /** How long the claim is exclusive without a renewal, in milliseconds. */
  readonly leaseMs: number;
  /** How long a record that lapses is kept after its lease ended, in milliseconds. */
  readonly unresolvedRetentionMs: number;
  /** Which lapsed records this claim may take over. */
  readonly takeover: Takeover;
  /** A lapsed record that was claimed this many times is not taken over again. */
  readonly maxAttempts: number;
}

/** The caller holds the record now. Finding one's own token is this outcome too: a claim may be repeated. */
export interface Claimed {
  readonly outcome: 'claimed';
  /** 1 for the first claim of the record, one more at each later one; a claim that was given back unused doesn't count. */
  readonly attempt: number;
  readonly operationId: string;
  /** What earlier attempts saved. */
  readonly steps: SavedSteps;
  /** The policy that the record was created with. */
  readonly policy: AfterFailure;
  /** True if the record was lapsed, so that another worker may still be at work on it. */
  readonly tookOver: boolean;
}

/** What {@link Store.claim} answers. */
export type ClaimOutcome =
  | Claimed
  /** Another worker's lease holds. */
  | { readonly outcome: 'running'; readonly fingerprint: string; readonly leaseLeftMs: number }
  /** The lease ran out and this claim may not take the record over. */
  | {
      readonly outcome: 'lapsed';
      readonly fingerprint: string;
      readonly policy: AfterFailure;
      readonly attempt: number;
    }
  /** The record is open with saved steps, and the fingerprint is not one of the acceptable ones. */
  | { readonly outcome: 'open'; readonly fingerprint: string }
  /** The operation is done. */
  | {
      readonly outcome: 'completed';
      readonly fingerprint: string;
      readonly result: StoredResult;
      readonly operationId: string;
      readonly completedAtMs: number;
    }
  /** This token was released or taken over before; a claim that arrives late must not revive it. */
  | { readonly outcome: 'superseded' };

/** The arguments of {@link Store.renew}. */
export interface RenewRequest extends Owner {
  readonly leaseMs: number;
  readonly unresolvedRetentionMs: number;
}

/** The arguments of {@link Store.complete}. */
export interface CompleteRequest extends Owner {
  readonly result: StoredResult;
  /** Kept in place of `result` if the store refuses that for its size. */
  readonly tombstone: Uint8Array;
  readonly retentionMs: number;
  /** True if somebody may be waiting for the record to change; stores that tell watchers for nothing ignore it. */
  readonly notify?: boolean;
}

/** The arguments of {@link Store.release}. */
export interface ReleaseRequest extends Owner {
  readonly retentionMs: number;
  /** True if nothing was run under the claim: the record's attempt is one less then, as it was before the claim. */
  readonly unused?: boolean;
  /** As in {@link CompleteRequest}. */
  readonly notify?: boolean;
}

/** The arguments of {@link Store.abandon}. */
export interface AbandonRequest extends Owner {
  readonly unresolvedRetentionMs: number;
  /** As in {@link ReleaseRequest}. */
  readonly unused?: boolean;
}

/** The arguments of {@link Store.saveStep}. */
export interface SaveStepRequest extends Owner {
  readonly name: string;
  readonly value: Uint8Array;
}

/** What a completion answers: `lost` means that the record is someone else's by now, or gone. */
export type CompleteOutcome = 'completed' | 'tombstoned' | 'lost';

/** What a transaction saves in the record at its commit: a step, or the final result. */
export type TransactionWrite =
  | { readonly kind: 'step'; readonly name: string; readonly value: Uint8Array }
  | {
      readonly kind: 'result';
      readonly result: StoredResult;
      readonly tombstone: Uint8Array;
      readonly retentionMs: number;
      /** As in {@link CompleteRequest}. */
      readonly notify?: boolean;
    };

/** What the body of a transaction hands back: its value for the caller, and what the record keeps. */
export interface Transacted<T> {
  readonly value: T;
  readonly write: TransactionWrite;
}

/** What {@link Store.transaction} answers. `lost` means that nothing was run or that all of it was rolled back. */
export type TransactionOutcome<T> = { readonly outcome: 'committed'; readonly value: T } | { readonly outcome: 'lost' };

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

/** A record as an operator sees it. It never holds the key. */
export interface StoredRecord {
  readonly id: string;
  readonly principal: string;
  readonly operation: string;
  readonly state: RecordState;
  readonly fingerprint: string;
  readonly policy: AfterFailure;
  readonly token: string;
  readonly attempt: number;
  readonly operationId: string;
  readonly steps: SavedSteps;
  readonly createdAtMs: number;
  /** When the state last changed, by the store's clock. */
  readonly changedAtMs: number;
  /** The end of the lease; only while running or lapsed. */
  readonly leaseEndsAtMs?: number;
  /** When the record goes: the end of retention, or of `unresolvedRetentionMs` after the lease. */
  readonly expiresAtMs: number;
  readonly result?: StoredResult;
  /** What was asked, if the claim saved it; only from `read`, since a page of them could be large. */
  readonly request?: Uint8Array;
  /** True if a sealing store could not open all of it: what it could not is as it lies there. By `list`, or if asked. */
  readonly unreadable?: true;
}

/** The arguments of {@link Store.list}. */
export interface ListRequest {
  readonly state: RecordState;
  /** At most this many records; 1 to 1000. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string;
}

/** How a record is read. */
export interface ReadOptions {
  /** Marks what a sealing store can't open as `unreadable` instead of throwing: to look at records, not to run them. */
  readonly markUnreadable?: boolean;
}

/** A page of records in a stable order. */
export interface RecordPage {
  readonly records: readonly StoredRecord[];
  /** Present if there is more. */
  readonly next?: string;
}

/** An operator's decision about a lapsed record. */
export type Resolution =
  | { readonly decision: 'respond'; readonly result: StoredResult; readonly retentionMs: number }
  /** Makes the record open: the next request with the key runs, and resumes after the saved steps. */
  | { readonly decision: 'rerun'; readonly retentionMs: number }
  /** Removes the record: the next request with the key is a new operation. */
  | { readonly decision: 'forget' };

/** The arguments of {@link Store.resolve}; `token` is the one that the operator saw. */
export interface ResolveRequest extends Owner {
  readonly resolution: Resolution;
}

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
  /** Lists records in one state. */
  list(request: ListRequest): Promise<RecordPage>;
  /** Applies an operator's decision to a lapsed record; false if it isn't lapsed or its token changed. */
  resolve(request: ResolveRequest): Promise<boolean>;
  /** Removes all records of a principal (given by its digest), running ones too; returns how many. */
  erase(principal: string): Promise<number>;
  /** Removes up to `limit` expired records; returns how many. */
  sweep(limit: number): Promise<number>;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
  /** Ends timers and connections of the store's own; a handle that the user brought stays open. */
  close(): Promise<void>;
}

/** A store of any kind of transactions, as the engine handles it. */
export type AnyStore = Store<TransactionKind>;
