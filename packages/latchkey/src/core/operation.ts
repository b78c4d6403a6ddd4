/**
 * What goes into the engine and what comes out: an operation, the result of one run of it, and an outcome.
 *
 * @module
 */

import type { Context, FinalWrite } from './context.ts';
import type { LatchkeyError } from './errors.ts';
import type { OperationSettings } from './settings.ts';
import type { AfterFailure, StoredResult, TransactionKind } from './store.ts';

/**
 * How soon to ask again about an operation that runs, in milliseconds. The rest of its lease says nothing about when its
 * answer comes, since the lease is renewed.
 */
export const askAgainMs = 1_000;

/** One request to run something at most once. */
export interface Operation {
  /** The record's id; see `recordId`. */
  readonly id: string;
  /** A digest of the principal. */
  readonly principal: string;
  /** What people see in a list, such as `POST /v1/charges`. Holds no key. */
  readonly name: string;
  readonly fingerprint: string;
  /** Further fingerprints that count as the same payload: older versions, rotated secrets. */
  readonly acceptable?: readonly string[];
  /** What was asked, if the record is to keep it for a completer. */
  readonly request?: Uint8Array | undefined;
  readonly settings: OperationSettings;
  /** Asked about a lapsed record that may not be rerun; runs under a claim of its own. */
  readonly recover?: Recover | undefined;
  /** Who waits for the answer. */
  readonly caller?: Caller | undefined;
}

/** Who waits for the answer of an operation. */
export interface Caller {
  /**
   * Asked once the claim is won. False means that the handler could no longer read its request as it came, since the
   * client has left: the handler isn't run, and the record is given back as it was found.
   */
  mayBegin(): boolean;
}

/**
 * What a run of the handler came to:
 * - `done`: the result is kept.
 * - `failed`: the effects may or may not have happened; `afterFailure` decides.
 * - `nothing-happened`: the application said so in words. The record is released, unless a step was saved under `refuse`;
 *   then it counts as failed.
 * - `come-back`: the result only looks like "nothing was done, come back". Released under `rerun`; under `refuse` it is
 *   kept, since a status proves nothing.
 * - `not-final`: the result is another idempotency layer's, which says that its operation is not decided. Never kept:
 *   released under `rerun`; under `refuse` the record lapses.
 * - `released`: the record is released, whatever else holds.
 */
export interface RunResult {
  readonly outcome: 'done' | 'failed' | 'nothing-happened' | 'come-back' | 'not-final' | 'released';
  readonly result: StoredResult;
  /** Kept if the store refuses the result for its size. */
  readonly tombstone: Uint8Array;
  /** The rest of a handler that gave its result early; undefined once it has settled. A release waits for it. */
  readonly stillRunning?: (() => Promise<unknown> | undefined) | undefined;
}

/** What a `recover` hook learns about the record. */
export interface LapsedOperation {
  readonly operation: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly policy: AfterFailure;
  /** What the saved steps returned, by name, in the order in which they were saved. */
  readonly steps: ReadonlyMap<string, unknown>;
  /** Steps that were begun and not saved; known only where `steps.markStarts` is on. */
  readonly begun: readonly string[];
  /** The key that a step of this name sends downstream, saved or not: what to search for there. */
  idempotencyKey(step: string): string;
}

/** What a `recover` hook decides, and for the audit why; `leave` keeps the record lapsed for a person. */
export type Recovery =
  | { readonly decision: 'respond'; readonly result: StoredResult; readonly why?: string }
  | { readonly decision: 'rerun'; readonly why?: string }
  | { readonly decision: 'leave' };

/** Looks at the world after a worker died, and decides. */
export type Recover = (lapsed: LapsedOperation) => Promise<Recovery> | Recovery;

/** What became of the record after the handler ran. */
export type Recorded =
  /** The result is stored. */
  | 'stored'
  /** Only its tombstone is. */
  | 'tombstone'
  /** The record is open for a retry. */
  | 'released'
  /** The record is lapsed: the handler's steps have changed, or another layer's answer decided nothing under `refuse`. */
  | 'lapsed'
  /** The store didn't take it before the worker's deadline. */
  | 'unstored'
  /** Another worker or an operator has the record now. */
  | 'lost';

/** The handler ran. */
export type Executed = Extract<Outcome, { kind: 'executed' }>;

/** What the engine made of an operation. */
export type Outcome =
  | { readonly kind: 'executed'; readonly recorded: Recorded; readonly policy: AfterFailure; readonly attempt: number }
  /** The store was down and the settings said to run anyway: the handler ran, and nothing protects it. */
  | { readonly kind: 'unprotected' }
  /** `mayBegin` said no: nothing was run, and the record is as it was found. */
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

/** Runs the operation itself. What it throws is a bug of the caller: failures are decisions. */
export type Handler<Kind extends TransactionKind = never, Answer = FinalWrite, Finished = void> = (
  context: Context<Kind, Answer, Finished>,
) => Promise<RunResult>;
