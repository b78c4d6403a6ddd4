/**
 * A store in PostgreSQL 13 or newer, through the client that the application has already.
 *
 * @example
 * ```ts
 * import { Pool } from 'pg'
 * import { migrate, postgresStore } from 'latchkey/postgres'
 *
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * await migrate(pool)
 * const store = postgresStore({ client: pool })
 * ```
 * @module
 */

import { checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import type { Listen } from './change-feed.ts';
import { bridgeOf, type PostgresClient, type TransactionHandle } from './client.ts';
import { Session } from './connection.ts';
import { namesOf, type TableNames } from './names.ts';
import { PostgresStore, type PostgresTransactions } from './postgres-store.ts';

export type { Migration } from '../shared/migration.ts';
export type { PostgresBridge, PostgresValue } from './bridges/bridge.ts';
export { type DrizzleDatabase, type DrizzleSql, type DrizzleTransaction, drizzleBridge } from './bridges/drizzle.ts';
export { type KnexDatabase, type KnexTransaction, knexBridge } from './bridges/knex.ts';
export {
  type KyselyCompiler,
  type KyselyDatabase,
  type KyselyQuery,
  type KyselyTransaction,
  kyselyBridge,
} from './bridges/kysely.ts';
export { type PgBridgeOptions, type PgClient, type PgPool, pgBridge } from './bridges/pg.ts';
export {
  type PostgresJsBridgeOptions,
  type PostgresJsSql,
  type PostgresJsTransaction,
  postgresJsBridge,
} from './bridges/postgres-js.ts';
export {
  type PrismaDatabase,
  type PrismaTransaction,
  type PrismaTransactionOptions,
  prismaBridge,
} from './bridges/prisma.ts';
export type { PostgresClient, TransactionHandle } from './client.ts';
export { grants, migrate, migrations } from './migrations.ts';
export type { TableNames } from './names.ts';
export type { PostgresTransactions } from './postgres-store.ts';

/** The settings of a {@link postgresStore}. */
export interface PostgresStoreOptions<Client extends PostgresClient = PostgresClient> extends TableNames {
  /** A `Pool` of `pg`, the `sql` of postgres.js, or a bridge to another client. It stays open when the store closes. */
  readonly client: Client;
  /**
   * How waiting hears of changes that other processes made. Default: by LISTEN, on a connection that is taken from the
   * client while somebody waits and for 10 seconds after; with a `pg` pool of fewer than three connections waiting
   * polls. `false` switches it off, and waiting polls: so behind a PgBouncer in transaction mode, which has no LISTEN. A bridge or `pgListener(connection)` gives it a connection of its own.
   */
  readonly listen?: false | { readonly listen: Listen };
  /** How long a call waits for a free connection, in milliseconds; for `pg` and postgres.js. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long a call may take in all, in milliseconds. Default 10,000. Transactions are bounded by their lease. */
  readonly callTimeoutMs?: number;
  /**
   * Let the server keep each statement's plan, for `pg` and postgres.js. It saves work, and does not work behind a
   * PgBouncer in transaction mode before its version 1.21. Default false.
   */
  readonly prepare?: boolean;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Whether this process removes expired records by and by. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. Leases go by the server's clock. */
  readonly runtime?: Runtime;
}

const optionNames = [
  'client',
  'schema',
  'tablePrefix',
  'listen',
  'connectTimeoutMs',
  'callTimeoutMs',
  'prepare',
  'maxResultBytes',
  'sweep',
  'runtime',
] as const;

/**
 * Makes a store in a PostgreSQL database. Its tables must be there: see `migrations` and `migrate`.
 *
 * A first request costs two statements and a replay one, none of which opens a transaction. `context.transaction` and
 * `context.finish` get a transaction of the given client: the record is locked first and saved last, in one commit
 * with whatever the handler writes.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`. Calls reject with `schema-missing` or `schema-mismatch` if
 * the tables are not those of this version.
 * @example
 * ```ts
 * const store = postgresStore({ client: pool, schema: 'shop' })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * ```
 */
export function postgresStore<Client extends PostgresClient>(
  options: PostgresStoreOptions<Client>,
): Store<PostgresTransactions<TransactionHandle<Client>>> {
  checkOptionNames('postgresStore', options, optionNames);
  const { connectTimeoutMs = 5_000, callTimeoutMs = 10_000, maxResultBytes = 2 ** 24, prepare = false } = options;
  checkWholeNumber('postgresStore', 'connectTimeoutMs', connectTimeoutMs, 1, 2 ** 31 - 1);
  checkWholeNumber('postgresStore', 'callTimeoutMs', callTimeoutMs, 1, 2 ** 31 - 1);
  checkWholeNumber('postgresStore', 'maxResultBytes', maxResultBytes, 1, 2 ** 29);
  const names = namesOf('postgresStore', options);
  const runtime = options.runtime ?? systemRuntime;
  const { timers } = runtime;
  const bridge = bridgeOf('postgresStore', options.client, { connectTimeoutMs, callTimeoutMs, prepare, timers });
  const session = new Session({ bridge, names, runtime, callTimeoutMs });
  return new PostgresStore({
    session,
    listen: listenOf(options, bridge),
    maxResultBytes,
    sweeps: options.sweep ?? true,
  });
}

function listenOf(
  { listen }: Pick<PostgresStoreOptions, 'listen'>,
  bridge: { readonly listen?: Listen },
): Listen | undefined {
  if (listen === false) return undefined;
  const from = listen ?? bridge;
  return from.listen?.bind(from);
}
