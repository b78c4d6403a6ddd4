/**
 * The numbers that a dispatcher goes by.
 *
 * @module
 */

import { checkOptionNames, checkWholeNumber } from '../core/options/check-options.ts';
import { callable, isObjectWith, must, sharedRules } from '../core/options/option-rules.ts';

/** What can be set. */
export interface DispatcherSettings {
  /** Deliveries at a time. Default 8. */
  readonly concurrency: number;
  /** How long a delivery may take before another dispatcher gets the message, in milliseconds. Default 60,000. */
  readonly leaseMs: number;
  /** A message is dead after so many deliveries that failed. Default 20. */
  readonly maxAttempts: number;
  /** How long to wait for new messages when there are none: at first, in milliseconds. Default 100. */
  readonly pollMs: number;
  /** The same after a while without any. Default 2,000. */
  readonly maxPollMs: number;
  /** How long to wait after a delivery that failed: at first, in milliseconds; then twice as long each time. Default 1,000. */
  readonly retryMs: number;
  /** The longest such wait. Default 3,600,000, an hour. */
  readonly maxRetryMs: number;
}

const longestTimerMs = 2 ** 31 - 1;

const defaults: DispatcherSettings = {
  concurrency: 8,
  leaseMs: 60_000,
  maxAttempts: 20,
  pollMs: 100,
  maxPollMs: 2_000,
  retryMs: 1_000,
  maxRetryMs: 3_600_000,
};

const bounds: Readonly<Record<keyof DispatcherSettings, readonly [least: number, most: number]>> = {
  concurrency: [1, 1_000],
  leaseMs: [100, longestTimerMs],
  maxAttempts: [1, 1_000_000],
  pollMs: [1, longestTimerMs],
  maxPollMs: [1, longestTimerMs],
  retryMs: [1, longestTimerMs],
  maxRetryMs: [1, longestTimerMs],
};

const rules = {
  store: must(isObjectWith('claim', 'complete'), 'a store'),
  deliver: callable,
  log: sharedRules.log,
  onEvent: sharedRules.onEvent,
  runtime: sharedRules.runtime,
};

/**
 * Fills in the defaults and checks every option of a dispatcher.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function completeDispatcher(options: object): DispatcherSettings {
  const names = Object.keys(defaults) as (keyof DispatcherSettings)[];
  checkOptionNames('dispatcher', options, [...names, ...Object.keys(rules)]);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const all = { store: undefined, deliver: undefined, ...Object.fromEntries(given) };
  for (const [name, rule] of Object.entries(rules)) if (name in all) rule('dispatcher', name, Reflect.get(all, name));
  const settings: DispatcherSettings = {
    ...defaults,
    ...Object.fromEntries(given.filter(([name]) => name in defaults)),
  };
  for (const name of names) checkWholeNumber('dispatcher', name, settings[name], ...bounds[name]);
  return settings;
}
