/**
 * A store in PostgreSQL 13 or newer, through the application's own client.
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

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import type { Listen } from './change-feed.ts';
import { bridgeOf, type PostgresClient, type TransactionHandle } from './client.ts';
import { Connection } from './connection.ts';
import { namesOf } from './names.ts';
import { type PostgresStoreOptions, postgresTable } from './options.ts';
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
export { type ClientOf, type PgBridgeOptions, type PgClient, type PgPool, pgBridge } from './bridges/pg.ts';
export {
  type PostgresJsBridgeOptions,
  type PostgresJsQuery,
  type PostgresJsSql,
  type PostgresJsTransaction,
  postgresJsBridge,
  type TransactionOf,
} from './bridges/postgres-js.ts';
export {
  type PrismaDatabase,
  type PrismaTransaction,
  type PrismaTransactionOptions,
  prismaBridge,
} from './bridges/prisma.ts';
export type { PostgresClient, TransactionHandle } from './client.ts';
export { type GrantOptions, grants, migrate, migrations } from './migrations.ts';
export type { PostgresStoreOptions, TableNames } from './options.ts';
export type { PostgresTransactions } from './postgres-store.ts';

/**
 * Creates a store in a PostgreSQL database. Its tables must exist: see `migrations` and `migrate`.
 *
 * A first request takes two statements and a replay one; none of them opens a transaction. `context.transaction` and
 * `context.finish` get a transaction of the given client: the record is locked first and saved last, in one commit
 * with the handler's writes.
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
): OperatorStore<PostgresTransactions<TransactionHandle<Client>>> {
  const { client, schema, tablePrefix, listen, connectTimeoutMs, callTimeoutMs, prepare, ...settings } = readOptions(
    'postgresStore',
    postgresTable,
    options,
  );
  const { runtime, maxResultBytes, sweep } = settings;
  const bridge = bridgeOf(client, { connectTimeoutMs, callTimeoutMs, prepare, timers: runtime.timers });
  const connection = new Connection({ bridge, names: namesOf({ schema, tablePrefix }), runtime, callTimeoutMs });
  return new PostgresStore({ connection, listen: listenOf(listen, bridge), maxResultBytes, sweeps: sweep });
}

function listenOf(listen: PostgresStoreOptions['listen'], bridge: { readonly listen?: Listen }): Listen | undefined {
  if (listen === false) return undefined;
  const from = listen ?? bridge;
  return from.listen?.bind(from);
}
