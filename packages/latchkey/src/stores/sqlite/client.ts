/**
 * The methods of an SQLite handle that the store calls. Node's `DatabaseSync` and better-sqlite3 have them.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import { messageOf } from './errors.ts';

/** A value bound to a statement. */
export type SqliteValue = string | number | null | Uint8Array;

/** A prepared statement. */
export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/** A synchronous handle on one SQLite database. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** A handle that the store opened and will close. */
export interface OwnDatabase extends SqliteDatabase {
  close(): void;
}

/**
 * Opens a file with Node's own SQLite.
 *
 * @throws StoreUnavailableError if it can't be opened, or if this runtime has no `node:sqlite`.
 */
export function openFile(path: string): OwnDatabase {
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite === undefined)
    throw new StoreUnavailableError('This runtime has no node:sqlite. Pass your own handle to sqliteStore.');
  try {
    return new sqlite.DatabaseSync(path);
  } catch (cause) {
    throw new StoreUnavailableError(
      `The SQLite file ${JSON.stringify(path)} can't be opened: ${messageOf(cause)}. Check that its folder exists.`,
      { cause },
    );
  }
}

/** Reads or sets a pragma; returns the first column of the result. */
export function pragma(db: SqliteDatabase, text: string): unknown {
  const row = db.prepare(`PRAGMA ${text}`).get();
  return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
}
