/**
 * Classifies the errors of PostgreSQL by their codes, which every client passes on, some inside their own errors.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { unreadableIn } from '../shared/unreadable.ts';

/** The error for a stored row that this version cannot read. */
export const unreadable = unreadableIn('PostgreSQL');

const sqlState = /^[0-9A-Z]{5}$/;
const deepest = 8;

/** The error and its causes, the outermost first. */
function* chain(error: unknown): Generator<object> {
  let link = error;
  for (let depth = 0; depth < deepest && typeof link === 'object' && link !== null; depth += 1) {
    yield link;
    link = Reflect.get(link, 'cause') ?? Reflect.get(link, 'originalError');
  }
}

function textOf(error: unknown, names: readonly string[], fits: (text: string) => boolean): string | undefined {
  for (const link of chain(error)) {
    for (const name of names) {
      const text: unknown = Reflect.get(link, name);
      if (typeof text === 'string' && fits(text)) return text;
    }
  }
  return undefined;
}

/** PostgreSQL's five-character code, if the server sent one. */
export function sqlStateOf(error: unknown): string | undefined {
  return textOf(error, ['code', 'originalCode'], (text) => sqlState.test(text));
}

/** Whether the server refused a commit because the store had not finished its transaction. */
export function isEarlyCommit(error: unknown, guard: string): boolean {
  return (
    textOf(error, ['constraint', 'constraint_name', 'message', 'originalMessage'], (text) => text.includes(guard)) !==
    undefined
  );
}

/** Whether two transactions conflicted; the same statement may succeed now. */
export function isConflict(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === '40001' || code === '40P01';
}

/** Whether the server refused the user's own statements and rolled them back. */
export function isRefusal(error: unknown): boolean {
  return /^(23|40)/.test(sqlStateOf(error) ?? '');
}

/** Whether the server's disk is full. */
function isFull(error: unknown): boolean {
  return sqlStateOf(error) === '53100';
}

/** Whether an earlier statement failed, so that the transaction can only be rolled back. */
export function isFailedTransaction(error: unknown): boolean {
  return sqlStateOf(error) === '25P02';
}

/** Maps an error of the client or the server to an error of the store. */
export function toStoreError(cause: unknown): LatchkeyError {
  if (cause instanceof LatchkeyError) return cause;
  switch (sqlStateOf(cause)) {
    case '42P01':
    case '3F000':
      return schemaMissing(cause);
    case '42703':
      return new LatchkeyError(
        'schema-mismatch',
        `A table of the PostgreSQL store differs from its migrations: ${messageOf(cause)}. If it belongs to another application, choose another tablePrefix.`,
        { cause },
      );
    case '42501':
      return new LatchkeyError(
        'schema-missing',
        `The PostgreSQL role has no access to the store's tables: ${messageOf(cause)}. Apply the statements from grants().`,
        { cause },
      );
    default:
      return new StoreUnavailableError(`PostgreSQL failed: ${messageOf(cause)}`, {
        cause,
        full: isFull(cause),
      });
  }
}

/** The error for missing tables. */
export function schemaMissing(cause?: unknown): LatchkeyError {
  return new LatchkeyError(
    'schema-missing',
    'The tables of the PostgreSQL store do not exist. Apply migrations() with your own tool, or call migrate() when you deploy. If you have, check schema and tablePrefix.',
    cause === undefined ? {} : { cause },
  );
}

/** The message of a thrown value. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
