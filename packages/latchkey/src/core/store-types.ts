/**
 * The parameters and results of a store's methods.
 *
 * @module
 */

/** The policy after a failure. It is saved in the record, so that a deployment can't turn `refuse` into `rerun`. */
export type AfterFailure = 'refuse' | 'rerun';

/** The lapsed records that a claim may take over: none, those saved as `rerun`, or any (for a `recover` hook). */
export type Takeover = 'none' | 'rerun' | 'any';

/** The states of a stored record. */
export type RecordState = 'running' | 'lapsed' | 'open' | 'completed';

/**
 * The result of a completed record. A `tombstone` means that the operation is done but its full result was not kept;
 * its bytes are a short substitute.
 */
export interface StoredResult {
  readonly kind: 'value' | 'tombstone';
  readonly bytes: Uint8Array;
}

/** Results of saved steps by name, in the order in which they were saved. */
export type SavedSteps = ReadonlyMap<string, Uint8Array>;

/** Identifies the record and proves ownership. */
export interface Owner {
  /** The record's id: a digest of scope and key. */
  readonly id: string;
  /** The random value of this claim. */
  readonly token: string;
}

/** The arguments of `Store.claim`. */
export interface ClaimRequest extends Owner {
  /** A digest of the principal; `erase` finds the record by it. */
  readonly principal: string;
  /** The name in lists: method and path, or the function's name. Contains no key. */
  readonly operation: string;
  /** Used if the claim creates the record; an existing record keeps its own. */
  readonly operationId: string;
  /** Stored if the claim creates the record or takes an open one that has no saved step. */
  readonly fingerprint: string;
  /** Fingerprints that count as the same payload, including `fingerprint`. */
  readonly acceptable: readonly string[];
  /**
   * The encoded request, for a completer. Stored whenever `fingerprint` is, and deleted when the record is completed.
   */
  readonly request?: Uint8Array;
  /** Stored if the claim creates the record; an existing record keeps its own. */
  readonly policy: AfterFailure;
  /** How long the claim is exclusive without a renewal, in milliseconds. */
  readonly leaseMs: number;
  /** How long a lapsed record is kept after the end of its lease, in milliseconds. */
  readonly unresolvedRetentionMs: number;
  /** Which lapsed records this claim may take over. */
  readonly takeover: Takeover;
  /** A lapsed record with this many claims is not taken over again. */
  readonly maxAttempts: number;
}

/** The caller owns the record. A repeated claim with the same token gets this outcome again. */
export interface Claimed {
  readonly outcome: 'claimed';
  /** The number of claims of the record, from 1. A claim that was given back unused doesn't count. */
  readonly attempt: number;
  readonly operationId: string;
  /** The steps that earlier attempts saved. */
  readonly steps: SavedSteps;
  /** The policy with which the record was created. */
  readonly policy: AfterFailure;
  /** True if the record was lapsed, so another worker may still be running. */
  readonly tookOver: boolean;
}

/** The result of `Store.claim`. */
export type ClaimOutcome =
  | Claimed
  /** Another worker holds the lease. */
  | { readonly outcome: 'running'; readonly fingerprint: string; readonly leaseLeftMs: number }
  /** The lease has ended, and this claim may not take over the record. */
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
  /** This token was already released or taken over; a claim that arrives late must not revive it. */
  | { readonly outcome: 'superseded' };

/** The arguments of `Store.renew`. */
export interface RenewRequest extends Owner {
  readonly leaseMs: number;
  readonly unresolvedRetentionMs: number;
}

/** The arguments of `Store.complete`. */
export interface CompleteRequest extends Owner {
  readonly result: StoredResult;
  /** Kept instead of a `result` that is too large for the store. */
  readonly tombstone: Uint8Array;
  readonly retentionMs: number;
  /** True if a request may be waiting for the record to change; stores with cheap notifications ignore it. */
  readonly notify?: boolean;
}

/** The arguments of `Store.release`. */
export interface ReleaseRequest extends Owner {
  readonly retentionMs: number;
  /** True if nothing was run under the claim: the record's attempt number is then reset to that before the claim. */
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

/** The result of a completion: `lost` means that the caller no longer owns the record, or that it no longer exists. */
export type CompleteOutcome = 'completed' | 'tombstoned' | 'lost';

/** The step or final result that a transaction saves at its commit. */
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

/** The return value of a transaction's body: the value for the caller, and the write for the record. */
export interface Transacted<T> {
  readonly value: T;
  readonly write: TransactionWrite;
}

/** The result of `Store.transaction`. `lost` means that nothing was run, or that everything was rolled back. */
export type TransactionOutcome<T> = { readonly outcome: 'committed'; readonly value: T } | { readonly outcome: 'lost' };

/** A record as an operator sees it. It never contains the key. */
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
  /** When the record expires: at the end of its retention, or `unresolvedRetentionMs` after its lease. */
  readonly expiresAtMs: number;
  readonly result?: StoredResult;
  /** The encoded request, if the claim saved it. Only returned by `read`, since a page of them could be large. */
  readonly request?: Uint8Array;
  /**
   * True if an encrypted store could not decrypt all values; those are returned encrypted. Set by `list`, and by `read`
   * with `markUnreadable`.
   */
  readonly unreadable?: true;
}

/** The arguments of `OperatorStore.list`. */
export interface ListRequest {
  readonly state: RecordState;
  /** Maximum number of records, 1 to 1,000. */
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly cursor?: string;
  /**
   * Ends the page after about this many records were read, even if it is empty, for stores that read all their records
   * for a list. Stores with an index ignore it.
   */
  readonly mostRead?: number;
}

/** A setting of a server or a client that may lose records, or mislead a reader of logs. */
export interface StoreFinding {
  /** A constant of the store, such as `eviction-policy`. */
  readonly code: string;
  readonly message: string;
  /** Host and port; absent if it is about the client. */
  readonly server?: string;
}

/** Options of `Store.read`. */
export interface ReadOptions {
  /** Marks a record that can't be decrypted as `unreadable` instead of throwing; for display only. */
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
