/**
 * The options of a completer.
 *
 * @module
 */

import type { Completable } from '../core/completable.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import type { Log } from '../core/log.ts';
import { observerTable, storeRule } from '../core/options/common.ts';
import { readOptions } from '../core/options/read-options.ts';
import { arrayOf, integer, isObjectWith, type OptionTable, required } from '../core/options/rules.ts';
import type { Runtime } from '../core/runtime.ts';
import { checkOperatorStore, type OperatorStore, type TransactionKind } from '../core/store.ts';
import type { BackoffLimits } from '../core/support/backoff.ts';

/** Options of `completer`. */
export interface CompleterOptions<Kind extends TransactionKind = never> {
  /** The store that keeps the records. */
  readonly store: OperatorStore<Kind>;
  /** The operations to finish: `httpOperations({ … })`, and the `completable` of `idempotent` functions. */
  readonly operations: readonly Completable[];
  /** Wait between two polls of the store, in milliseconds, randomized by ± 50 %. Default 5,000. */
  readonly intervalMs?: number;
  /** Maximum number of operations that run at the same time. Default 4. */
  readonly concurrency?: number;
  /**
   * Wait after a record's lease has ended, in milliseconds by this machine's clock; doubles with each attempt. Default
   * 1,000, so that the client's own retry usually comes first.
   */
  readonly baseDelayMs?: number;
  /** Maximum wait after a record's lease has ended, in milliseconds. Default 300,000. */
  readonly maxDelayMs?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
  /** Receives events; see `LatchkeyEvent`. */
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns it off. */
  readonly log?: Log | false;
}

/** The options with their defaults. */
export interface CompleterSettings {
  readonly operations: readonly Completable[];
  readonly intervalMs: number;
  readonly concurrency: number;
  readonly delay: BackoffLimits;
  readonly runtime: Runtime;
}

const longestWaitMs = 2 ** 30;

/** The option table. */
export const completerTable = {
  store: storeRule,
  operations: required(
    arrayOf('operations, such as httpOperations({ … })', isObjectWith('settings', 'matches', 'begin')),
  ),
  intervalMs: integer({ min: 1, max: longestWaitMs, default: 5_000 }),
  concurrency: integer({ min: 1, max: 1_000, default: 4 }),
  baseDelayMs: integer({ min: 0, max: longestWaitMs, default: 1_000 }),
  maxDelayMs: integer({ min: 0, max: longestWaitMs, default: 300_000 }),
  ...observerTable,
} satisfies OptionTable<CompleterOptions>;

/** @throws LatchkeyError `option-unknown`, `option-invalid`. */
export function completerSettings<Kind extends TransactionKind>(options: CompleterOptions<Kind>): CompleterSettings {
  const { operations, intervalMs, concurrency, baseDelayMs, maxDelayMs, runtime } = readOptions(
    'completer()',
    completerTable,
    options,
  );
  checkOperatorStore('completer()', options.store);
  checkOperations(operations);
  return { operations, intervalMs, concurrency, delay: { baseMs: baseDelayMs, capMs: maxDelayMs }, runtime };
}

function checkOperations(operations: readonly Completable[]): void {
  for (const { settings, savesRequests } of operations) {
    if (settings.afterFailure !== 'rerun') {
      throw refused(
        "under afterFailure: 'refuse' is never rerun. Set afterFailure: 'rerun', or resolve its records with an operator",
      );
    }
    if (savesRequests === false) {
      throw refused('without saved input cannot be rerun. Set saveInput: true, or remove the operation');
    }
  }
}

function refused(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `completer(): an operation ${why}.`);
}
