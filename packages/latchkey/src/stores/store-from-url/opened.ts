/**
 * What every kind of URL is opened into.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { callable, type OptionTable, runtimeOr } from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';

/** The settings of a store that is made from a URL. */
export interface StoreFromUrlOptions {
  /**
   * Told of errors of the client that belong to no call, such as a connection that broke while nobody used it. The
   * client connects again by itself, and calls report their own errors, so nothing has to be done. Default: ignored.
   */
  readonly onClientError?: (error: LatchkeyError) => void;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** What they may be. */
export const storeFromUrlTable = {
  onClientError: callable,
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<StoreFromUrlOptions>;

/** A store, and the client that was made for it. */
export interface Opened<S> {
  readonly store: S;
  /** Connects the client, if it does not connect when it is first used. */
  connect?(): Promise<void>;
  /** Closes the client. */
  end?(): Promise<void>;
}

/** What a stray error is passed on as: its words alone, for a client's error may carry the password that it sent. */
export function clientError(error: unknown): LatchkeyError {
  return new StoreUnavailableError(`The client of the store: ${wordsOf(error)}`);
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : 'unknown error';
}

/**
 * The error for a package that could not be loaded. Who imports one does it in a `try` of its own: there, and nowhere
 * else, bundlers let a package be absent, so that an application installs the one driver that it uses.
 */
export function driverMissing(name: string, url: URL, cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'driver-missing',
    `storeFromUrl: a ${url.protocol} URL needs the package ${name}, which could not be loaded. Install it: npm install ${name}`,
    { cause },
  );
}
