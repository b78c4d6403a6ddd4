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

/** Options of `dispatcher`. All times are in milliseconds. */
export interface DispatcherOptions {
  /** A store with an outbox: SQLite, PostgreSQL or MariaDB, encrypted or not. */
  readonly store: { readonly outbox?: Omit<Outbox, 'enqueue'> | undefined };
  /** Delivers one message. If it throws, the delivery is retried. */
  readonly deliver: Deliver;
  /** Maximum number of deliveries at the same time. Default 8. */
  readonly concurrency?: number;
  /** Time limit of a delivery; after it another dispatcher may get the message. Default 60,000. */
  readonly leaseMs?: number;
  /** Number of failed deliveries after which a message is dead. Default 20. */
  readonly maxAttempts?: number;
  /** Base of the wait between polls of an empty outbox; doubles with each empty poll. Default 100. */
  readonly pollMs?: number;
  /** Maximum wait between any two polls of an empty outbox. Default 2,000. */
  readonly maxPollMs?: number;
  /** Maximum wait before the first retry of a failed delivery; doubles with each retry. Default 1,000. */
  readonly retryMs?: number;
  /** Maximum wait before any retry. Default 3,600,000, an hour. */
  readonly maxRetryMs?: number;
  /** Receives events: `message-delivered`, `message-failed`, `message-dead`, `store-error`. */
  readonly onEvent?: EventListener;
  /**
   * Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns it off.
   */
  readonly log?: Log | false;
  /** Clocks, timers and randomness. Leases follow the store's clock. */
  readonly runtime?: Runtime;
}

/** The option table. */
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
