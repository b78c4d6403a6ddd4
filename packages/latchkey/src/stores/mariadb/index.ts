/**
 * A store in MariaDB, for any number of machines.
 *
 * @example
 * ```ts
 * import { createPool } from 'mysql2/promise'
 * import { mariadbStore } from 'latchkey/mariadb'
 * const store = mariadbStore({ client: createPool('mysql://shop@db.internal/shop') })
 * ```
 * @module
 */

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import { type MariadbConnection, type MariadbPool, promisePool } from './client.ts';
import { Connection } from './connection.ts';
import { MariadbStore, type MariadbTransactions } from './mariadb-store.ts';
import { type MariadbStoreOptions, mariadbTable } from './options.ts';
import { statements, tableNames } from './statements.ts';

export type { Migration } from '../shared/migration.ts';
export type { ExecuteOptions, MariadbCallbackPool, MariadbClient, MariadbConnection, MariadbPool } from './client.ts';
export type { MariadbTransactions } from './mariadb-store.ts';
export { type GrantOptions, grants, type MigrateOptions, migrate, migrations } from './migrations.ts';
export type { MariadbStoreOptions, TableOptions } from './options.ts';
export type { MariadbValue } from './statements.ts';

/**
 * Creates a store on a MariaDB server, 10.6 or newer. Its tables must exist: see {@link migrations} and {@link
 * migrate}.
 *
 * A first request takes two statements and a replay one, which locks and writes nothing; a takeover takes two. The
 * function of a transaction gets a connection of the pool with an open transaction; it must neither end the
 * transaction nor release the connection. The transaction itself adds two round trips.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`. Calls reject with `schema-missing` if the tables do not
 * exist, and with `schema-mismatch` if they are those of another version.
 * @example
 * ```ts
 * const pool = createPool({ host: 'db.internal', user: 'shop', database: 'shop', connectionLimit: 20 })
 * const store = mariadbStore({ client: pool })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * ```
 */
export function mariadbStore<Handle extends MariadbConnection>(
  options: MariadbStoreOptions<Handle>,
): OperatorStore<MariadbTransactions<Handle>> {
  const { client, tablePrefix, database, callTimeoutMs, maxResultBytes, sweep, runtime } = readOptions(
    'mariadbStore',
    mariadbTable,
    options,
  );
  const connection = new Connection(promisePool(client) as MariadbPool<Handle>, runtime, callTimeoutMs);
  return new MariadbStore({
    connection,
    sql: statements(tableNames({ tablePrefix, database })),
    runtime,
    maxResultBytes,
    sweep,
  });
}
