/**
 * The options of an operator, and their check.
 *
 * @module
 */

import { defaultRetentionMs } from '../core/audit/audit.ts';
import type { EventListener } from '../core/events.ts';
import { createEmit, type Log } from '../core/log.ts';
import { observerTable, storeRule } from '../core/options/common.ts';
import { readOptions } from '../core/options/read-options.ts';
import { type Completed, integer, type OptionTable, oneOf } from '../core/options/rules.ts';
import type { Runtime } from '../core/runtime.ts';
import { type StoreSettings, settingsOn } from '../core/settings.ts';
import { checkOperatorStore } from '../core/store.ts';
import type { OperatedStore, OperatorTools } from './tools.ts';

const day = 86_400_000;

/** Options of `operator`. All times are in milliseconds. */
export interface OperatorOptions {
  /** The store of the guards and functions. */
  readonly store: OperatedStore;
  /** With 2, a decision is carried out only after a second person has approved it. Default 1. */
  readonly approvals?: 1 | 2;
  /** How long a proposal can be approved. Default 24 hours. */
  readonly approvalWithinMs?: number;
  /**
   * Minimum retention of an audit entry, including entries by `recover` hooks of this process on the same store.
   * Default 400 days.
   */
  readonly auditRetentionMs?: number;
  /**
   * How long a record is kept after it was resolved. Default: the longest `retentionMs` of the guards and functions that
   * this process has made on the store; 24 hours if it has made none.
   */
  readonly retentionMs?: number;
  /**
   * Number of claims after which a lapsed record is stuck. Default: the largest `maxAttempts` of the guards and functions
   * that this process has made on the store; 10 if it has made none.
   */
  readonly maxAttempts?: number;
  /** Maximum size of a decision's answer in bytes. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
  /** Receives events; see `LatchkeyEvent`. */
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns it off. */
  readonly log?: Log | false;
}

/** The option table. */
export const operatorTable = {
  store: storeRule,
  approvals: oneOf<1 | 2>(1, 2),
  approvalWithinMs: integer({ min: 1_000, max: 30 * day, default: day }),
  auditRetentionMs: integer({ min: day, max: 4_000 * day, default: defaultRetentionMs }),
  retentionMs: integer({ min: 1 }),
  maxAttempts: integer({ min: 1 }),
  maxResponseBytes: integer({ min: 0, max: 2 ** 31 - 1, default: 1_048_576 }),
  ...observerTable,
} satisfies OptionTable<OperatorOptions>;

type Given = Completed<OperatorOptions, typeof operatorTable>;

/** The options with their defaults, and the tools made from them. */
export interface OperatorSettings
  extends Pick<Given, 'approvals' | 'approvalWithinMs' | 'auditRetentionMs' | 'maxResponseBytes'>,
    StoreSettings {
  readonly tools: OperatorTools;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function operatorSettings(options: OperatorOptions): OperatorSettings {
  const { store, runtime, onEvent, log, retentionMs, maxAttempts, ...others } = readOptions(
    'operator()',
    operatorTable,
    options,
  );
  checkOperatorStore('operator()', store);
  return {
    ...others,
    // A guard may be made after the operator.
    get retentionMs() {
      return retentionMs ?? settingsOn(store).retentionMs;
    },
    get maxAttempts() {
      return maxAttempts ?? settingsOn(store).maxAttempts;
    },
    tools: { store, runtime, emit: createEmit({ onEvent, log, runtime }) },
  };
}
