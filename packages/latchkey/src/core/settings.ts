/**
 * How one kind of operation behaves: the options that routes and functions have alike, and the settings that the
 * engine makes of them.
 *
 * @module
 */

import { readOptions } from './options/read-options.ts';
import {
  anyOf,
  type Completed,
  called,
  defaultTo,
  either,
  flag,
  group,
  integer,
  type OptionTable,
  oneOf,
  required,
  timerMs,
} from './options/rules.ts';
import type { AfterFailure } from './store.ts';

/** Leases, limits and retention. All times are in milliseconds. */
export interface TimingOptions {
  /** How long a claim is exclusive without a sign of life. Renewed while the handler runs. Default 30,000. */
  readonly leaseMs?: number;
  /** How long a completed or open record is kept. Default 24 hours. */
  readonly retentionMs?: number;
  /** How long a lapsed record is kept for a person to look at. Default 30 days. */
  readonly unresolvedRetentionMs?: number;
  /** Past it the handler's signal aborts, renewal stops, and the record lapses. Default 15 minutes. */
  readonly maxRunMs?: number;
  /** After this many claims a failure is kept, and a lapsed record is no longer taken over. Default 10. */
  readonly maxAttempts?: number;
  /** How long a claim is tried before the store counts as down. Default 2,000. */
  readonly claimTimeoutMs?: number;
  /**
   * How far a transaction extends the lease, until the next heartbeat. A worker that dies in a transaction or just after
   * one holds its key for this long: set it near `leaseMs` where leases are short. Default 30,000.
   */
  readonly transactionLeaseMs?: number;
  /**
   * A dead worker's operation that began longer ago than this is not run again by itself: its outcome is unknown, and
   * a `recover` hook or a person decides. Set it below the time for which the systems behind keep their idempotency
   * keys, since a call that is repeated later is carried out again there. Default: no limit.
   */
  readonly maxRerunAgeMs?: number;
}

/** The steps of a handler. */
export interface StepOptions {
  /** How many steps one attempt may have. Default 1,000. */
  readonly max?: number;
  /** How long the saved result of one step may be, in bytes. Default 262,144. */
  readonly maxBytes?: number;
  /**
   * Saves that a step begins before it does, so that whoever looks at a lapsed record sees what was under way. Costs
   * one more round trip to the store per step. Default false.
   */
  readonly markStarts?: boolean;
}

/** What routes and functions set about their operations. */
export interface OperationOptions {
  /** What happens after a throw, a 5xx or a dead worker. Default `'refuse'`. */
  readonly afterFailure?: AfterFailure;
  /**
   * What a duplicate gets while the first request still runs: `'conflict'` (default) is an error at once; with
   * `{ waitMs }` it waits so long for the first one's answer.
   */
  readonly whenRunning?: 'conflict' | { readonly waitMs: number };
  /** With the store down: `'reject'` (default, 503), or run without any protection. */
  readonly whenStoreDown?: 'reject' | 'run-unprotected';
  /** Leases, limits and retention. */
  readonly timing?: TimingOptions;
  /** The steps of a handler. */
  readonly steps?: StepOptions;
}

/** How the engine treats one kind of operation: {@link OperationOptions}, completed and without groups. */
export interface OperationSettings extends Required<TimingOptions> {
  readonly afterFailure: AfterFailure;
  readonly whenRunning: 'conflict' | 'wait';
  /** How long a duplicate waits under `whenRunning: 'wait'`. */
  readonly waitMs: number;
  readonly whenStoreDown: 'reject' | 'run-unprotected';
  readonly maxSteps: number;
  readonly maxStepBytes: number;
  readonly markStepStarts: boolean;
}

const hour = 3_600_000;
const day = 24 * hour;

const timingTable = {
  leaseMs: called('lock lockTimeout lockTtl lockTtlMs', timerMs(30_000, 100)),
  retentionMs: called(
    'cacheTtl expiration expire expires expiresIn expiry maxAge ttl ttlMs ttlSeconds',
    integer({ min: 1, default: day }),
  ),
  unresolvedRetentionMs: integer({ min: 1, default: 30 * day }),
  maxRunMs: timerMs(hour / 4),
  maxAttempts: integer({ min: 1, default: 10 }),
  claimTimeoutMs: timerMs(2_000),
  transactionLeaseMs: timerMs(30_000),
  maxRerunAgeMs: integer({ min: 1, default: Number.MAX_SAFE_INTEGER }),
} satisfies OptionTable<TimingOptions>;

const stepsTable = {
  max: integer({ min: 0, default: 1_000 }),
  maxBytes: integer({ min: 1, default: 262_144 }),
  markStarts: flag(false),
} satisfies OptionTable<StepOptions>;

const waitMs = timerMs(10_000, 0);

/** What the options may be. */
export const operationTable = {
  afterFailure: oneOf<AfterFailure>('refuse', 'rerun'),
  whenRunning: either(defaultTo<'conflict'>(anyOf('conflict'), 'conflict'), { waitMs: required(waitMs) }),
  whenStoreDown: oneOf<'reject' | 'run-unprotected'>('reject', 'run-unprotected'),
  timing: group(timingTable),
  steps: group(stepsTable),
} satisfies OptionTable<OperationOptions>;

/** What each setting may be, and its default. */
export const settingsTable = {
  ...timingTable,
  afterFailure: operationTable.afterFailure,
  whenRunning: oneOf<'conflict' | 'wait'>('conflict', 'wait'),
  waitMs,
  whenStoreDown: operationTable.whenStoreDown,
  maxSteps: stepsTable.max,
  maxStepBytes: stepsTable.maxBytes,
  markStepStarts: stepsTable.markStarts,
} satisfies OptionTable<OperationSettings>;

/** The engine's settings, from the options of a route or a function. */
export function settingsOf(options: Completed<OperationOptions, typeof operationTable>): OperationSettings {
  const { afterFailure, whenRunning, whenStoreDown, timing, steps } = options;
  return {
    ...timing,
    afterFailure,
    whenStoreDown,
    whenRunning: whenRunning === 'conflict' ? 'conflict' : 'wait',
    waitMs: whenRunning === 'conflict' ? waitMs.default : whenRunning.waitMs,
    maxSteps: steps.max,
    maxStepBytes: steps.maxBytes,
    markStepStarts: steps.markStarts,
  };
}

/**
 * Checks settings and fills in the defaults, for layers that call the engine themselves.
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
