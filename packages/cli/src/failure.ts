/**
 * What a failed command says, and its exit code.
 *
 * @module
 */

import { LatchkeyError } from 'latchkey';
import { type ExitCode, exitCodes, type Invocation } from './invocation.ts';
import { printableLines, withoutCredentials } from './terminal/text.ts';

/** Ends the command with a message and an exit code. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The error of a command that was used wrongly. */
export function wrongUse(message: string): Failure {
  return new Failure(exitCodes.usage, message);
}

const codes: Partial<Record<LatchkeyError['code'], ExitCode>> = {
  'encryption-key-missing': exitCodes.unreachable,
  'record-unreadable': exitCodes.unreachable,
  'resolution-stale': exitCodes.changed,
  'resolution-unclear': exitCodes.changed,
  'schema-mismatch': exitCodes.unreachable,
  'schema-missing': exitCodes.unreachable,
  'store-unavailable': exitCodes.unreachable,
};

const advice: Partial<Record<LatchkeyError['code'], string>> = {
  'record-unreadable': 'If the store is encrypted, pass its keys with --encryption-keys.',
  'schema-missing': 'To create the tables: latchkey migrate --apply',
};

/** Writes an error to standard error, without credentials. An error without a code is a bug. */
export function report(error: unknown, invocation: Invocation): ExitCode {
  const { message, exitCode } = failureOf(error);
  invocation.stderr.write(`latchkey: ${printableLines(withoutCredentials(message))}\n`);
  return exitCode;
}

/** Whether SQLite reports that the file is not a database (SQLITE_NOTADB), which no key makes readable. */
function isOtherFile({ cause }: LatchkeyError): boolean {
  return Reflect.get(Object(cause), 'errcode') === 26;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof LatchkeyError) {
    const hint = isOtherFile(error) ? undefined : advice[error.code];
    const message = hint === undefined ? error.message : `${error.message}\n${hint}`;
    return new Failure(codes[error.code] ?? exitCodes.usage, message);
  }
  // An error of the operating system or of a database has a code.
  if (error instanceof Error && 'code' in error) return new Failure(exitCodes.unreachable, error.message);
  const trace = error instanceof Error ? error.stack : undefined;
  return new Failure(exitCodes.bug, trace ?? String(error));
}
