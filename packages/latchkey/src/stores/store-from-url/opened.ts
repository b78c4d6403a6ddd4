/**
 * The result of opening a URL.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { callable, type OptionTable, runtimeOr } from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';

/** Options of `storeFromUrl`. */
export interface StoreFromUrlOptions {
  /**
   * Receives client errors that belong to no call, such as an idle connection that broke. The client reconnects
   * automatically and calls report their own errors, so no action is needed. Default: ignored.
   */
  readonly onClientError?: (error: LatchkeyError) => void;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** The option table. */
export const storeFromUrlTable = {
  onClientError: callable,
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<StoreFromUrlOptions>;

/** A store and its client. */
export interface Opened<S> {
  readonly store: S;
  /** Connects the client, unless it connects on first use. */
  connect?(): Promise<void>;
  /** Closes the client. */
  end?(): Promise<void>;
}

/** Passes on only the message of a client's error, since the error object may contain the password. */
export function clientError(error: unknown): LatchkeyError {
  return new StoreUnavailableError(`The client of the store: ${wordsOf(error)}`);
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : 'unknown error';
}

/**
 * The error for a package that could not be loaded. Each import of a driver is in its own `try`, since only there
 * bundlers allow a package to be missing; an application then installs only the driver that it uses.
 */
export function driverMissing(name: string, url: URL, cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'driver-missing',
    `storeFromUrl: a ${url.protocol} URL needs the package ${name}, which could not be loaded. Install it: npm install ${name}`,
    { cause },
  );
}
