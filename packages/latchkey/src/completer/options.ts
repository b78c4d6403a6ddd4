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
import { integer, isObjectWith, listOf, must, type OptionTable, required } from '../core/options/rules.ts';
import type { Runtime } from '../core/runtime.ts';
import { checkOperatorStore, type OperatorStore, type TransactionKind } from '../core/store.ts';
import type { BackoffLimits } from '../core/support/backoff.ts';

/** How a completer works. */
export interface CompleterOptions<Kind extends TransactionKind = never> {
  readonly store: OperatorStore<Kind>;
  /** What it can run: `httpOperations({ … })`, and the `completable` of `idempotent` functions. */
  readonly operations: readonly Completable[];
  /** How long to wait between two looks at the store, in milliseconds; spread by half either way. Default 5,000. */
  readonly intervalMs?: number;
  /** How many records it runs at a time. Default 4. */
  readonly concurrency?: number;
  /**
   * How long a record is left alone after its lease ended: this, doubled with each attempt. In milliseconds, by this
   * machine's clock. Default 1,000, which leaves the first word to the client's own retry.
   */
  readonly baseDelayMs?: number;
  /** The most that it is left alone for, in milliseconds. Default 300,000. */
  readonly maxDelayMs?: number;
  readonly runtime?: Runtime;
  readonly onEvent?: EventListener;
  /** Receives warnings and errors, each code once per operation and minute. Default: the console; `false` is silence. */
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

/** What they may be. */
export const completerTable = {
  store: storeRule,
  operations: required(
    must('an array of operations, such as httpOperations({ … })', listOf(isObjectWith('settings', 'matches', 'begin'))),
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
        "of the policy 'refuse' is never run again. Say afterFailure: 'rerun', or resolve its records by hand",
      );
    }
    if (savesRequests === false) {
      throw refused('whose calls are not saved cannot be run again. Say saveInput: true, or leave it out');
    }
  }
}

function refused(why: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `completer(): an operation ${why}.`);
}
