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

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import { openFile, type SqliteDatabase } from './client.ts';
import { Connection } from './connection.ts';
import { type SqliteStoreOptions, sqliteTable } from './options.ts';
import { SqliteStore, type SqliteTransactions } from './sqlite-store.ts';

export type { Migration } from '../shared/migration.ts';
export type { SqliteDatabase, SqliteStatement, SqliteValue } from './client.ts';
export { migrations } from './migrations.ts';
export type { SqliteStoreOptions } from './options.ts';
export type { SqliteTransactions } from './sqlite-store.ts';

/**
 * Creates a store on one SQLite file. Any number of processes may use the file at once. The event loop never waits for
 * another process's lock: a call retries on a timer, and rejects with `store-unavailable` after `lockTimeoutMs`.
 *
 * Calls at the same time share one commit. The functions of transactions are synchronous and run between those
 * commits, on the store's own handle.
 *
 * @throws LatchkeyError `record-unreadable` if another program or a newer version of this store wrote the file; then
 * nothing is written to it. `store-unavailable` if it cannot be opened. `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const db = new DatabaseSync('data/shop.db')
 * const store = sqliteStore({ database: db })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * ```
 */
export function sqliteStore<Handle extends SqliteDatabase = SqliteDatabase>(
  options: SqliteStoreOptions<Handle>,
): OperatorStore<SqliteTransactions<Handle>>;
export function sqliteStore(options: SqliteStoreOptions): OperatorStore<SqliteTransactions> {
  const { database, synchronous, lockTimeoutMs, maxResultBytes, runtime } = readOptions(
    'sqliteStore',
    sqliteTable,
    options,
  );
  const own = typeof database === 'string' ? openFile(database) : undefined;
  const handle = own ?? (database as SqliteDatabase);
  return new SqliteStore({
    handle,
    connection: new Connection(handle, { synchronous, isOwnFile: own !== undefined }, runtime.clock),
    runtime,
    maxResultBytes,
    lockTimeoutMs,
    closeHandle: () => own?.close(),
  });
}
