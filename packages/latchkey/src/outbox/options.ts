/**
 * The options of a dispatcher.
 *
 * @module
 */

import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { observerTable, storeRule } from '../core/options/common.ts';
import { type Completed, callable, integer, type OptionTable, required, timerMs } from '../core/options/rules.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Runtime } from '../core/runtime.ts';
import type { Deliver } from './delivery.ts';

/** The settings of a `dispatcher`. */
export interface DispatcherOptions {
  /** A store with an outbox: SQLite, PostgreSQL or MariaDB, encrypted or not. */
  readonly store: { readonly outbox?: Omit<Outbox, 'enqueue'> | undefined };
  /** Delivers one message; what it throws means that the message is tried again. */
  readonly deliver: Deliver;
  /** Deliveries at a time. Default 8. */
  readonly concurrency?: number;
  /** How long a delivery may take before another dispatcher gets the message, in milliseconds. Default 60,000. */
  readonly leaseMs?: number;
  /** A message is dead after so many deliveries that failed. Default 20. */
  readonly maxAttempts?: number;
  /** How long to wait for new messages when there are none: at first, in milliseconds. Default 100. */
  readonly pollMs?: number;
  /** The same after a while without any. Default 2,000. */
  readonly maxPollMs?: number;
  /** How long to wait after a delivery that failed: at first, in milliseconds; then twice as long each time. Default 1,000. */
  readonly retryMs?: number;
  /** The longest such wait. Default 3,600,000, an hour. */
  readonly maxRetryMs?: number;
  /** Receives what happens: `message-delivered`, `message-failed`, `message-dead`, `store-error`. */
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
  readonly log?: Log | false;
  /** Clocks, timers and randomness. Leases go by the store's clock. */
  readonly runtime?: Runtime;
}

/** What they may be. */
export const dispatcherTable = {
  store: storeRule,
  deliver: required(callable),
  concurrency: integer({ min: 1, max: 1_000, default: 8 }),
  leaseMs: timerMs(60_000, 100),
  maxAttempts: integer({ min: 1, max: 1_000_000, default: 20 }),
  pollMs: timerMs(100),
  maxPollMs: timerMs(2_000),
  retryMs: timerMs(1_000),
  maxRetryMs: timerMs(3_600_000),
  ...observerTable,
} satisfies OptionTable<DispatcherOptions>;

/** The options with their defaults. */
export type DispatcherSettings = Completed<DispatcherOptions, typeof dispatcherTable>;
