/**
 * The behaviour of one kind of operation: the options that routes and functions share, and the engine's settings made
 * from them.
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
  /** How long a claim is exclusive without a renewal. It is renewed while the handler runs. Default 30,000. */
  readonly leaseMs?: number;
  /** How long a completed or open record is kept. Default 24 hours. */
  readonly retentionMs?: number;
  /** How long a lapsed record is kept for a decision. Default 30 days. */
  readonly unresolvedRetentionMs?: number;
  /**
   * Maximum run time of a handler; after it the signal aborts, renewal stops, and the record lapses. Default 15
   * minutes.
   */
  readonly maxRunMs?: number;
  /** Number of claims after which a failure is kept, and a lapsed record is no longer taken over. Default 10. */
  readonly maxAttempts?: number;
  /** How long a claim is retried before the store counts as unavailable. Default 2,000. */
  readonly claimTimeoutMs?: number;
  /**
   * Length of the lease from the start of a transaction to the next renewal. A worker that dies in or just after a
   * transaction holds its key for this long, so set it close to `leaseMs` if leases are short. Default 30,000.
   */
  readonly transactionLeaseMs?: number;
  /**
   * Maximum age at which a dead worker's operation is rerun automatically; for an older one the outcome is unknown, and
   * a `recover` hook or a person decides. Set it below the key retention of the downstream systems, which carry out a
   * call again after that. Default: no limit.
   */
  readonly maxRerunAgeMs?: number;
}

/** The steps of a handler. */
export interface StepOptions {
  /** Maximum number of steps per attempt. Default 1,000. */
  readonly max?: number;
  /** Maximum size of a step's saved result in bytes. Default 262,144. */
  readonly maxBytes?: number;
  /**
   * Saves the start of each step before it runs, so that a lapsed record shows which steps had begun. Costs one more
   * round trip to the store per step. Default false.
   */
  readonly markStarts?: boolean;
}

/** The options that routes and functions share. */
export interface OperationOptions {
  /** What happens after a throw, a 5xx or a dead worker. Default `'refuse'`. */
  readonly afterFailure?: AfterFailure;
  /**
   * What a duplicate gets while the first request still runs: an error at once (`'conflict'`, the default), or with
   * `{ waitMs }` the first answer, for which it waits up to that time.
   */
  readonly whenRunning?: 'conflict' | { readonly waitMs: number };
  /**
   * What happens if the store is unavailable: `'reject'` (default) answers 503, `'run-unprotected'` runs the handler.
   */
  readonly whenStoreDown?: 'reject' | 'run-unprotected';
  /** Leases, limits and retention. */
  readonly timing?: TimingOptions;
  /** The steps of a handler. */
  readonly steps?: StepOptions;
}

/** The engine's settings for one kind of operation: {@link OperationOptions} with defaults and without groups. */
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

/** The option table of {@link OperationOptions}. */
export const operationTable = {
  afterFailure: oneOf<AfterFailure>('refuse', 'rerun'),
  whenRunning: either(defaultTo<'conflict'>(anyOf('conflict'), 'conflict'), { waitMs: required(waitMs) }),
  whenStoreDown: oneOf<'reject' | 'run-unprotected'>('reject', 'run-unprotected'),
  timing: group(timingTable),
  steps: group(stepsTable),
} satisfies OptionTable<OperationOptions>;

/**
 * The option table of {@link OperationSettings}; a function, so that bundles without `resolveSettings` leave it out.
 */
const settingsTable = () =>
  ({
    ...timingTable,
    afterFailure: operationTable.afterFailure,
    whenRunning: oneOf<'conflict' | 'wait'>('conflict', 'wait'),
    waitMs,
    whenStoreDown: operationTable.whenStoreDown,
    maxSteps: stepsTable.max,
    maxStepBytes: stepsTable.maxBytes,
    markStepStarts: stepsTable.markStarts,
  }) satisfies OptionTable<OperationSettings>;

/** Converts the options of a route or a function to the engine's settings. */
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
 * Checks settings and fills in the defaults, for your own layer on the engine.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const settings = resolveSettings('charge', { leaseMs: 3_000 })
 * ```
 */
export function resolveSettings(where: string, given: Partial<OperationSettings>): OperationSettings {
  return readOptions<Partial<OperationSettings>, ReturnType<typeof settingsTable>>(where, settingsTable(), given);
}

/** The settings of guards and functions that an operator of their store needs. */
export type StoreSettings = Pick<OperationSettings, 'retentionMs' | 'maxAttempts'>;

const settingsByStore = new WeakMap<object, StoreSettings>();

/** Notes that a guard or a function of this process uses the store with these settings. */
export function noteSettings(store: object, { retentionMs, maxAttempts }: StoreSettings): void {
  const noted = settingsByStore.get(store) ?? { retentionMs: 0, maxAttempts: 0 };
  settingsByStore.set(store, {
    retentionMs: Math.max(noted.retentionMs, retentionMs),
    maxAttempts: Math.max(noted.maxAttempts, maxAttempts),
  });
}

/**
 * Returns the largest settings of this process's guards and functions on a store, or the defaults if no guard or
 * function uses the store.
 */
export function settingsOn(store: object): StoreSettings {
  const defaults = { retentionMs: timingTable.retentionMs.default, maxAttempts: timingTable.maxAttempts.default };
  return settingsByStore.get(store) ?? defaults;
}
