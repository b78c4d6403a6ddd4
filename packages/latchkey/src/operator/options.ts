/**
 * The options of an operator, and their check.
 *
 * @module
 */

import { defaultRetentionMs } from '../core/audit/audit.ts';
import type { EventListener } from '../core/events.ts';
import { createEmit } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { observerTable, storeRule } from '../core/options/common.ts';
import { readOptions } from '../core/options/read-options.ts';
import { type Completed, integer, type OptionTable, oneOf } from '../core/options/rules.ts';
import type { Runtime } from '../core/runtime.ts';
import { settingsTable } from '../core/settings.ts';
import { checkOperatorStore } from '../core/store.ts';
import type { OperatedStore, OperatorTools } from './tools.ts';

const day = 86_400_000;

/** How an operator works. All times are in milliseconds. */
export interface OperatorOptions {
  /** The store of the guards and functions whose records are looked at. */
  readonly store: OperatedStore;
  /** 2 to let a decision be carried out only when a second person approves it. Default 1. */
  readonly approvals?: 1 | 2;
  /** How long a proposal waits for the second person. Default 24 hours. */
  readonly approvalWithinMs?: number;
  /**
   * How long an entry of the audit is kept, at least; those that `recover` hooks of this process write on the same store
   * too. Default 400 days.
   */
  readonly auditRetentionMs?: number;
  /** How long a record is kept once it was resolved. Default 24 hours; as the route's own is best. */
  readonly retentionMs?: number;
  /** From this many claims on a lapsed record is stuck; as the route's own. Default 10. */
  readonly maxAttempts?: number;
  /** Longest answer of a decision, in bytes. Default 1 MiB. */
  readonly maxResponseBytes?: number;
  readonly runtime?: Runtime;
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
  readonly log?: Log | false;
}

/** What they may be. */
export const operatorTable = {
  store: storeRule,
  approvals: oneOf<1 | 2>(1, 2),
  approvalWithinMs: integer({ min: 1_000, max: 30 * day, default: day }),
  auditRetentionMs: integer({ min: day, max: 4_000 * day, default: defaultRetentionMs }),
  retentionMs: settingsTable.retentionMs,
  maxAttempts: settingsTable.maxAttempts,
  maxResponseBytes: integer({ min: 0, max: 2 ** 31 - 1, default: 1_048_576 }),
  ...observerTable,
} satisfies OptionTable<OperatorOptions>;

/** The options with their defaults, and the tools made from them. */
export interface OperatorSettings
  extends Omit<Completed<OperatorOptions, typeof operatorTable>, 'store' | 'runtime' | 'onEvent' | 'log'> {
  readonly tools: OperatorTools;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function operatorSettings(options: OperatorOptions): OperatorSettings {
  const { store, runtime, onEvent, log, ...limits } = readOptions('operator()', operatorTable, options);
  checkOperatorStore('operator()', store);
  return { ...limits, tools: { store, runtime, emit: createEmit({ onEvent, log, runtime }) } };
}
