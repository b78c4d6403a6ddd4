/**
 * The options of an operator, and their check.
 *
 * @module
 */

import { createEmit } from '../core/emitter.ts';
import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { checkOptionNames, checkWholeNumber } from '../core/options/check-options.ts';
import { sharedRules } from '../core/options/option-rules.ts';
import { type Runtime, systemRuntime } from '../core/runtime.ts';
import { auditRetentionBounds, defaultSettings } from '../core/settings.ts';
import type { OperatedStore, OperatorTools } from './tools.ts';

/** How an operator works. All times are in milliseconds. */
export interface OperatorOptions {
  /** The store of the guards and functions whose records are looked at. */
  readonly store: OperatedStore;
  /** 2 to let a decision be carried out only when a second person approves it. Default 1. */
  readonly approvals?: 1 | 2;
  /** How long a proposal waits for the second person. Default 24 hours. */
  readonly approvalWithinMs?: number;
  /** How long an entry of the audit is kept, at least; the same as the `auditRetentionMs` of routes. Default 400 days. */
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

type Limits = Required<Omit<OperatorOptions, 'store' | 'runtime' | 'onEvent' | 'log'>>;

/** The options with their defaults, and the tools made from them. */
export interface OperatorSettings extends Limits {
  readonly tools: OperatorTools;
}

const day = 86_400_000;

const defaults: Limits = {
  approvals: 1,
  approvalWithinMs: day,
  auditRetentionMs: defaultSettings.auditRetentionMs,
  retentionMs: defaultSettings.retentionMs,
  maxAttempts: defaultSettings.maxAttempts,
  maxResponseBytes: 1_048_576,
};

const bounds: Record<keyof Limits, readonly [least: number, most: number]> = {
  approvals: [1, 2],
  approvalWithinMs: [1_000, 30 * day],
  auditRetentionMs: auditRetentionBounds,
  retentionMs: [1, Number.MAX_SAFE_INTEGER],
  maxAttempts: [1, Number.MAX_SAFE_INTEGER],
  maxResponseBytes: [0, 2 ** 31 - 1],
};

const where = 'operator()';
const limitNames = Object.keys(defaults) as (keyof Limits)[];

function given({ ...options }: OperatorOptions): Partial<Limits> {
  return Object.fromEntries(limitNames.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined));
}

/**
 * Fills in the defaults and checks every value.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function operatorSettings(options: OperatorOptions): OperatorSettings {
  checkOptionNames(where, options, ['store', 'runtime', 'onEvent', 'log', ...limitNames]);
  const { store, runtime = systemRuntime, onEvent, log } = options;
  sharedRules.store(where, 'store', store);
  sharedRules.runtime(where, 'runtime', runtime);
  if (onEvent !== undefined) sharedRules.onEvent(where, 'onEvent', onEvent);
  if (log !== undefined) sharedRules.log(where, 'log', log);
  const limits: Limits = { ...defaults, ...given(options) };
  for (const name of limitNames) checkWholeNumber(where, name, limits[name], ...bounds[name]);
  return { ...limits, tools: { store, runtime, emit: createEmit({ onEvent, log, runtime }) } };
}
