/**
 * A store in one SQLite file, for one machine with one process or several. Works with Node's own SQLite and with
 * better-sqlite3.
 *
 * @example
 * ```ts
 * import { sqliteStore } from 'latchkey/sqlite'
 * const store = sqliteStore({ database: 'data/latchkey.db' })
 * ```
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkChoice, checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import { openFile, type SqliteDatabase } from './client.ts';
import { Connection } from './connection.ts';
import { SqliteStore, type SqliteTransactions } from './sqlite-store.ts';

export type { SqliteDatabase, SqliteStatement, SqliteValue } from './client.ts';
export type { SqliteTransactions } from './sqlite-store.ts';

/** The settings of an {@link sqliteStore}. */
export interface SqliteStoreOptions<Handle extends SqliteDatabase = SqliteDatabase> {
  /**
   * The path of a file, which is created if need be (its folder is not), or a handle of your own: then the store's
   * tables lie beside yours, and a transaction can write to both. A handle of yours stays open when the store closes.
   */
  readonly database: string | Handle;
  /**
   * `'full'` (default): what was answered survives a power cut. `'normal'`: it survives a crash of the process; a
   * power cut may undo the last commits. A handle of your own is set to it too, with WAL mode.
   */
  readonly synchronous?: 'full' | 'normal';
  /** How long a call waits for the lock of another process before it rejects, in milliseconds. Default 1,000. */
  readonly lockTimeoutMs?: number;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const optionNames = ['database', 'synchronous', 'lockTimeoutMs', 'maxResultBytes', 'runtime'] as const;

/**
 * Makes a store on one SQLite file. Any number of processes may use the file at once. None ever stands still for
 * another's lock: a call tries again on a timer, and rejects as `store-unavailable` after `lockTimeoutMs`.
 *
 * Calls that come at the same time share one commit. The functions of transactions are synchronous and run between
 * those commits, on the handle that the store writes with.
 *
 * @throws LatchkeyError `record-unreadable` if the file was written by something else, or by a newer version of this store; nothing
 * is written to it then. `store-unavailable` if it can't be opened. `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const db = new DatabaseSync('data/shop.db')
 * const store = sqliteStore({ database: db })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * ```
 */
export function sqliteStore<Handle extends SqliteDatabase = SqliteDatabase>(
  options: SqliteStoreOptions<Handle>,
): Store<SqliteTransactions<Handle>>;
export function sqliteStore(options: SqliteStoreOptions): Store<SqliteTransactions> {
  checkOptionNames('sqliteStore', options, optionNames);
  const { database, synchronous = 'full', lockTimeoutMs = 1_000, maxResultBytes = 2 ** 24 } = options;
  const { runtime = systemRuntime } = options;
  checkChoice('sqliteStore', 'synchronous', synchronous, ['full', 'normal']);
  checkWholeNumber('sqliteStore', 'lockTimeoutMs', lockTimeoutMs, 1, 2 ** 31 - 1);
  checkWholeNumber('sqliteStore', 'maxResultBytes', maxResultBytes, 1, 2 ** 29);
  const own = typeof database === 'string' ? openFile(database) : undefined;
  const handle = typeof database === 'string' ? own : database;
  if (handle === undefined)
    throw new LatchkeyError('option-invalid', 'sqliteStore: database must be a path or a handle.');
  return new SqliteStore({
    handle,
    connection: new Connection(handle, { synchronous, isOwnFile: own !== undefined }, runtime.clock),
    runtime,
    maxResultBytes,
    lockTimeoutMs,
    closeHandle: () => own?.close(),
  });
}
