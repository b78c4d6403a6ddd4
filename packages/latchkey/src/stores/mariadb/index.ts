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

import { LatchkeyError } from '../../core/errors.ts';
import { checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import { type MariadbClient, type MariadbConnection, type MariadbPool, promisePool } from './client.ts';
import { Database } from './connection.ts';
import { MariadbStore, type MariadbTransactions } from './mariadb-store.ts';
import { statements, type TableOptions, tableNames } from './statements.ts';

export type { Migration } from '../shared/migration.ts';
export type { ExecuteOptions, MariadbCallbackPool, MariadbClient, MariadbConnection, MariadbPool } from './client.ts';
export type { MariadbTransactions } from './mariadb-store.ts';
export { grants, type MigrateOptions, migrate, migrations } from './migrations.ts';
export type { MariadbValue, TableOptions } from './statements.ts';

/** The settings of a {@link mariadbStore}. */
export interface MariadbStoreOptions<Connection extends MariadbConnection = MariadbConnection> extends TableOptions {
  /**
   * A pool of `mysql2` or `mysql2/promise`; it stays open when the store closes. A transaction holds one of its
   * connections as long as its function runs, so leave some for everything else.
   */
  readonly client: MariadbClient<Connection>;
  /**
   * How long a call waits for a connection, and for the server's answer, before it rejects, in milliseconds. Default
   * 10,000. The connection of a call that got no answer is closed.
   */
  readonly callTimeoutMs?: number;
  /**
   * Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. The server's
   * `max_allowed_packet`, less 64 KiB, is a limit too. All steps of an operation together
   * have that last limit.
   */
  readonly maxResultBytes?: number;
  /** Whether this process removes expired records by and by. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const optionNames = ['client', 'tablePrefix', 'database', 'callTimeoutMs', 'maxResultBytes', 'sweep', 'runtime'];

/**
 * Makes a store on a MariaDB server, 10.6 or newer. Its tables must be there: see {@link migrations} and
 * {@link migrate}.
 *
 * A first request takes two statements and a replay one, which locks and writes nothing; a takeover takes two. The
 * function of a transaction gets the pool's connection, with a transaction begun on it, which it must neither end nor
 * give back; the transaction itself adds two round trips.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`. Its calls reject with `schema-missing` if the tables are
 * not there, and with `schema-mismatch` if another version made them.
 * @example
 * ```ts
 * const pool = createPool({ host: 'db.internal', user: 'shop', database: 'shop', connectionLimit: 20 })
 * const store = mariadbStore({ client: pool })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * ```
 */
export function mariadbStore<Connection extends MariadbConnection>(
  options: MariadbStoreOptions<Connection>,
): Store<MariadbTransactions<Connection>> {
  checkOptionNames('mariadbStore', options, optionNames);
  const { client, callTimeoutMs = 10_000, maxResultBytes = 2 ** 24, sweep = true, runtime = systemRuntime } = options;
  checkWholeNumber('mariadbStore', 'callTimeoutMs', callTimeoutMs, 1, 2 ** 31 - 1);
  checkWholeNumber('mariadbStore', 'maxResultBytes', maxResultBytes, 1, 2 ** 29);
  const db = new Database(poolOf<Connection>(client), runtime, callTimeoutMs);
  return new MariadbStore({ db, sql: statements(tableNames('mariadbStore', options)), runtime, maxResultBytes, sweep });
}

function poolOf<Connection extends MariadbConnection>(client: MariadbClient<Connection>): MariadbPool<Connection> {
  const pool: unknown = typeof client === 'object' && client !== null ? promisePool(client) : client;
  if (isPool<Connection>(pool)) return pool;
  throw new LatchkeyError('option-invalid', 'mariadbStore: client must be a pool of mysql2, as createPool makes it.');
}

function isPool<Connection extends MariadbConnection>(value: unknown): value is MariadbPool<Connection> {
  return typeof value === 'object' && value !== null && 'getConnection' in value;
}
