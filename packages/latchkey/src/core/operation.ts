/**
 * The engine's input and output: an operation, the result of one run, and the outcome.
 *
 * @module
 */

import type { Context, FinalWrite } from './context.ts';
import type { LatchkeyError } from './errors.ts';
import type { OperationSettings } from './settings.ts';
import type { AfterFailure, StoredResult, TransactionKind } from './store.ts';

/**
 * Delay before a retry of a running operation, in milliseconds. The rest of its lease does not tell when its answer
 * comes, since the lease is renewed.
 */
export const askAgainMs = 1_000;

/** One request to run something at most once. */
export interface Operation {
  /** The record's id; see `recordId`. */
  readonly id: string;
  /** A digest of the principal. */
  readonly principal: string;
  /** The name in lists, such as `POST /v1/charges`. Contains no key. */
  readonly name: string;
  readonly fingerprint: string;
  /** Further fingerprints that count as the same payload: older versions, rotated secrets. */
  readonly acceptable?: readonly string[];
  /** The encoded request, if the record keeps it for a completer. */
  readonly request?: Uint8Array | undefined;
  readonly settings: OperationSettings;
  /** Called under its own claim for a lapsed record that may not be rerun. */
  readonly recover?: Recover | undefined;
  /** Who waits for the answer. */
  readonly caller?: Caller | undefined;
}

/** Who waits for the answer of an operation. */
export interface Caller {
  /**
   * Called before the handler runs, with or without a claim, and while the request waits for a running operation. False
   * means that the handler could no longer read its request, since the client has left: the handler isn't run, and a
   * claimed record is restored to its former state.
   */
  mayBegin(): boolean;
  /**
   * When the handler must have ended, on the monotonic clock, because the platform stops the process soon after. Waits
   * and retries of store calls end by then. An attempt that still runs is abandoned: its signal aborts, and its record
   * lapses at once. Default: never.
   */
  readonly endsAt?: number | undefined;
  /** Receives work of the engine that may outlast the answer, such as a renewal. The work never rejects. */
  waitUntil?(work: Promise<unknown>): void;
}

/**
 * The result of a run of the handler:
 * - `done`: the result is kept.
 * - `failed`: the effects may or may not have happened; `afterFailure` decides.
 * - `nothing-happened`: the application explicitly said so. The record is released; under `refuse` with a saved step it
 *   counts as failed instead.
 * - `come-back`: the status suggests that nothing was done. Released under `rerun`; under `refuse` it is kept, since a
 *   status proves nothing.
 * - `not-final`: another idempotency layer's answer whose operation is still undecided. Never kept:
 *   released under `rerun`; under `refuse` the record lapses.
 * - `released`: the record is released in any case.
 */
export interface RunResult {
  readonly outcome: 'done' | 'failed' | 'nothing-happened' | 'come-back' | 'not-final' | 'released';
  readonly result: StoredResult;
  /** Kept instead of a result that is too large for the store. */
  readonly tombstone: Uint8Array;
  /** The rest of a handler that answered early; undefined once it has settled. A release waits for it. */
  readonly stillRunning?: (() => Promise<unknown> | undefined) | undefined;
}

/** The argument of a `recover` hook. */
export interface LapsedOperation {
  readonly operation: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly policy: AfterFailure;
  /** The results of the saved steps by name, in the order in which they were saved. */
  readonly steps: ReadonlyMap<string, unknown>;
  /** Steps that were begun but not saved; only known with `steps.markStarts`. */
  readonly begun: readonly string[];
  /** The key that a step of this name sends downstream, saved or not. Search for it in the downstream system. */
  idempotencyKey(step: string): string;
}

/** The decision of a `recover` hook, with the reason for the audit; `leave` keeps the record lapsed for a person. */
export type Recovery =
  | { readonly decision: 'respond'; readonly result: StoredResult; readonly why?: string }
  | { readonly decision: 'rerun'; readonly why?: string }
  | { readonly decision: 'leave' };

/** Decides about a lapsed record. */
export type Recover = (lapsed: LapsedOperation) => Promise<Recovery> | Recovery;

/** What happened to the record after the handler ran. */
export type Recorded =
  /** The result is stored. */
  | 'stored'
  /** Only the tombstone is stored. */
  | 'tombstone'
  /** The record is open for a retry. */
  | 'released'
  /**
   * The record is lapsed: the handler's steps have changed, a step was interrupted, the lease ended before the release,
   * or another layer's answer was not final under `refuse`.
   */
  | 'lapsed'
  /** The result could not be stored before the worker's deadline. */
  | 'unstored'
  /** Another worker or an operator has the record now. */
  | 'lost';

/** The handler ran. */
export type Executed = Extract<Outcome, { kind: 'executed' }>;

/** The outcome of an operation. */
export type Outcome =
  | { readonly kind: 'executed'; readonly recorded: Recorded; readonly policy: AfterFailure; readonly attempt: number }
  /** The store was unavailable, and the handler ran without protection, as the settings allow. */
  | { readonly kind: 'unprotected' }
  /** `mayBegin` returned false: nothing was run, and the record has its former state. */
  | { readonly kind: 'not-begun' }
  | {
      readonly kind: 'replay';
      readonly result: StoredResult;
      readonly operationId: string;
      readonly completedAtMs: number;
    }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'in-progress'; readonly retryAfterMs: number }
  | { readonly kind: 'outcome-unknown' }
  | { readonly kind: 'unavailable'; readonly error: LatchkeyError };

/** Runs the operation. It must return failures as results; a throw is a bug of the caller. */
export type Handler<Kind extends TransactionKind = never, Answer = FinalWrite, Finished = void> = (
  context: Context<Kind, Answer, Finished>,
) => Promise<RunResult>;
