/**
 * Classifies the errors of SQLite, and maps them to the library's. Node has the result code in `errcode`,
 * better-sqlite3 its name in `code`.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';

const primaryCodes = { BUSY: 5, LOCKED: 6, FULL: 13, CONSTRAINT: 19, NOTADB: 26 };

type ResultCode = keyof typeof primaryCodes;

/** Maps an error of SQLite to an error of the store. */
export function toStoreError(cause: unknown): LatchkeyError {
  if (cause instanceof LatchkeyError) return cause;
  return new StoreUnavailableError(`SQLite failed: ${messageOf(cause)}`, { cause, full: hasCode(cause, 'FULL') });
}

/** The error for a file or record that this version did not write. It is not changed. */
export const unreadable = unreadableIn('SQLite');

/** The message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasCode(error: unknown, name: ResultCode): boolean {
  if (!(error instanceof Error)) return false;
  if ('errcode' in error && typeof error.errcode === 'number') return (error.errcode & 0xff) === primaryCodes[name];
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith(`SQLITE_${name}`);
}

/** Whether another connection has the lock, or the handle's user is in a transaction; a retry may succeed. */
export function isBusy(error: unknown): boolean {
  return hasCode(error, 'BUSY') || hasCode(error, 'LOCKED') || saysOf(error, /within a transaction/);
}

/** Whether the data violate a constraint of the user's own schema. */
export function isConstraint(error: unknown): boolean {
  return hasCode(error, 'CONSTRAINT');
}

/** Whether the file is not a database. */
export function isNotADatabase(error: unknown): boolean {
  return hasCode(error, 'NOTADB');
}

/** Whether there was nothing to commit or to roll back. */
export function isNoTransaction(error: unknown): boolean {
  return saysOf(error, /no transaction is active/);
}

/** Whether the transaction in which a savepoint was set is over. */
export function isNoSavepoint(error: unknown): boolean {
  return saysOf(error, /no such savepoint/);
}

function saysOf(error: unknown, words: RegExp): boolean {
  return error instanceof Error && words.test(error.message);
}
