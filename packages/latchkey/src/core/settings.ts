/**
 * What a route or a function may set about its operations, with the defaults.
 *
 * @module
 */

import { readOptions } from './options/read-options.ts';
import { flag, integer, type OptionTable, oneOf, timerMs } from './options/rules.ts';
import type { AfterFailure } from './store.ts';

/** How one kind of operation behaves. All times are in milliseconds. */
export interface OperationSettings {
  /** What happens after a throw, a 5xx or a dead worker. Default `'refuse'`. */
  readonly afterFailure: AfterFailure;
  /** How long a claim is exclusive without a sign of life. Renewed while the handler runs. Default 30,000. */
  readonly leaseMs: number;
  /** How long a completed or open record is kept. Default 24 hours. */
  readonly retentionMs: number;
  /** How long a lapsed record is kept for a person to look at. Default 30 days. */
  readonly unresolvedRetentionMs: number;
  /** Past it the handler's signal aborts, renewal stops, and the record lapses. Default 15 minutes. */
  readonly maxRunMs: number;
  /** After this many claims a failure is kept, and a lapsed record is no longer taken over. Default 10. */
  readonly maxAttempts: number;
  /** What a duplicate gets while the first still runs: an error now, or the answer if it comes soon. Default `'reject'`. */
  readonly whenRunning: 'reject' | 'wait';
  /** The bound of `whenRunning: 'wait'`. Default 10,000. */
  readonly waitMs: number;
  /** With the store down: answer 503, or run without any protection. Default `'refuse'`. */
  readonly whenStoreDown: 'refuse' | 'run-unprotected';
  /** How long a claim is tried before the store counts as down. Default 2,000. */
  readonly claimTimeoutMs: number;
  /**
   * How far a transaction extends the lease, until the next heartbeat. A worker that dies in a transaction or just after
   * one holds its key for this long: set it near `leaseMs` where leases are short. Default 30,000.
   */
  readonly transactionTimeoutMs: number;
  /** How many steps one attempt may have. Default 1,000. */
  readonly maxSteps: number;
  /** How long the saved result of one step may be, in bytes. Default 262,144. */
  readonly maxStepBytes: number;
  /**
   * Saves that a step begins before it does, so that whoever looks at a lapsed record sees what was under way. Costs
   * one more round trip to the store per step. Default false.
   */
  readonly markStepStarts: boolean;
  /**
   * A dead worker's operation that began longer ago than this is not run again by itself: its outcome is unknown, and
   * a `recover` hook or a person decides. Set it below the time for which the systems behind keep their idempotency
   * keys, since a call that is repeated later is carried out again there. Default: no limit.
   */
  readonly maxRerunAgeMs: number;
  /**
   * How long the decisions of a `recover` hook stay in the audit, at least; the same as the operator's, since what goes
   * too early hides what was written after it. Default 400 days.
   */
  readonly auditRetentionMs: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** What each setting may be, and its default. The tables of guards, functions and operators take their rules from here. */
export const settingsTable = {
  afterFailure: oneOf<AfterFailure>('refuse', 'rerun'),
  leaseMs: timerMs(30_000, 100),
  retentionMs: integer({ min: 1, default: day }),
  unresolvedRetentionMs: integer({ min: 1, default: 30 * day }),
  maxRunMs: timerMs(hour / 4),
  maxAttempts: integer({ min: 1, default: 10 }),
  whenRunning: oneOf<'reject' | 'wait'>('reject', 'wait'),
  waitMs: timerMs(10_000, 0),
  whenStoreDown: oneOf<'refuse' | 'run-unprotected'>('refuse', 'run-unprotected'),
  claimTimeoutMs: timerMs(2_000),
  transactionTimeoutMs: timerMs(30_000),
  maxSteps: integer({ min: 0, default: 1_000 }),
  maxStepBytes: integer({ min: 1, default: 262_144 }),
  markStepStarts: flag(false),
  maxRerunAgeMs: integer({ min: 1, default: Number.MAX_SAFE_INTEGER }),
  auditRetentionMs: integer({ min: day, max: 4_000 * day, default: 400 * day }),
} satisfies OptionTable<OperationSettings>;

/**
 * Fills in the defaults and checks every value.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const settings = resolveSettings('charge', { leaseMs: 3_000 })
 * ```
 */
export function resolveSettings(where: string, given: Partial<OperationSettings>): OperationSettings {
  return readOptions<Partial<OperationSettings>, typeof settingsTable>(where, settingsTable, given);
}
