/**
 * What the methods of a store are given and answer.
 *
 * @module
 */

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

/** The arguments of `Store.claim`. */
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

/** What `Store.claim` answers. */
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

/** The arguments of `Store.renew`. */
export interface RenewRequest extends Owner {
  readonly leaseMs: number;
  readonly unresolvedRetentionMs: number;
}

/** The arguments of `Store.complete`. */
export interface CompleteRequest extends Owner {
  readonly result: StoredResult;
  /** Kept in place of `result` if the store refuses that for its size. */
  readonly tombstone: Uint8Array;
  readonly retentionMs: number;
  /** True if somebody may be waiting for the record to change; stores that tell watchers for nothing ignore it. */
  readonly notify?: boolean;
}

/** The arguments of `Store.release`. */
export interface ReleaseRequest extends Owner {
  readonly retentionMs: number;
  /** True if nothing was run under the claim: the record's attempt is one less then, as it was before the claim. */
  readonly unused?: boolean;
  /** As in {@link CompleteRequest}. */
  readonly notify?: boolean;
}

/** The arguments of `Store.abandon`. */
export interface AbandonRequest extends Owner {
  readonly unresolvedRetentionMs: number;
  /** As in {@link ReleaseRequest}. */
  readonly unused?: boolean;
}

/** The arguments of `Store.saveStep`. */
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

/** What `Store.transaction` answers. `lost` means that nothing was run or that all of it was rolled back. */
export type TransactionOutcome<T> = { readonly outcome: 'committed'; readonly value: T } | { readonly outcome: 'lost' };

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

/** The arguments of `OperatorStore.list`. */
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

/** The arguments of `OperatorStore.resolve`; `token` is the one that the operator saw. */
export interface ResolveRequest extends Owner {
  readonly resolution: Resolution;
}
