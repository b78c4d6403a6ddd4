/**
 * One invocation of the command line.
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream';

/** What an exit code means. */
export const exitCodes = {
  /** The command did what was asked. */
  done: 0,
  /** It found something that needs attention, found no such record, or the question was answered with no. */
  found: 1,
  /** It was used wrongly; nothing was changed. */
  usage: 2,
  /** The store, or the target of a test, did not answer. */
  unreachable: 3,
  /** The record is not lapsed, or changed since it was shown; nothing was changed. */
  changed: 4,
  /** It did what was asked, but its output could not be written. */
  unwritten: 74,
  /** The command line has a bug. */
  bug: 70,
} as const;

/** An exit code of the command line. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An output stream, which may be a terminal. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
}

/** The streams, environment and clock of one invocation, and its exit code, which the command's action sets. */
export interface Invocation {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  exitCode: ExitCode;
}
