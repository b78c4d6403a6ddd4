/**
 * Classifies the errors of MariaDB by their numbers, and maps them to the library's codes.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';

/** The numbers by their names in MariaDB's list of errors. */
const numbers = {
  accessDenied: [1044, 1045, 1142, 1143, 1370],
  deadlock: [1213],
  full: [1021, 1114],
  lockTimeout: [1205],
  missing: [1049, 1146],
  noSavepoint: [1305],
  otherColumns: [1054],
  tooLarge: [1118, 1153, 1301, 1406],
} as const;

/** A kind of error that the store distinguishes. */
export type ErrorKind = keyof typeof numbers;

/** Whether an error of the server is of this kind. */
export function isError(error: unknown, kind: ErrorKind): boolean {
  const number = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return numbers[kind].some((known) => known === number);
}

/** Whether a retry may succeed: the statement lost a deadlock, or waited too long for a lock. */
export function isContention(error: unknown): boolean {
  return isError(error, 'deadlock') || isError(error, 'lockTimeout');
}

/** Whether an error was caused by a value that is too large for the server. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof LatchkeyError && isError(error.cause, 'tooLarge');
}

/** The error for a stored row that this version cannot read. */
export const unreadable = unreadableIn('MariaDB');

/** Maps an error of the client or the server to an error of the store. */
export function toStoreError(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  if (isError(error, 'missing')) return schemaMissing(error);
  if (isError(error, 'otherColumns')) return otherColumns(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(`MariaDB failed: ${reason}`, { cause: error, full: isError(error, 'full') });
}

function otherColumns(cause: unknown): LatchkeyError {
  const message =
    "The columns of the MariaDB store's tables differ from its migrations. If an older version created " +
    'them, call migrate(client), or apply migrations() with your own tool.';
  return new LatchkeyError('schema-mismatch', message, { cause });
}

function schemaMissing(cause: unknown): LatchkeyError {
  const message =
    'The tables of the MariaDB store do not exist. Apply migrations() with your own tool, or call migrate(client); ' +
    'use the same tablePrefix and database as the store.';
  return new LatchkeyError('schema-missing', message, { cause });
}
