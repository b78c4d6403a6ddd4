/**
 * Creates a store from a URL in an application's settings. The client's package is only loaded if the URL needs it.
 *
 * @example
 * ```ts
 * import { storeFromUrl } from 'latchkey/store-from-url'
 * const store = await storeFromUrl(process.env.LATCHKEY_STORE ?? 'sqlite:data/latchkey.db')
 * ```
 * @module
 */

import { readOptions } from '../../core/options/read-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { OperatorStore } from '../../core/store.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';
import type { DynamodbClient, DynamodbTransactions } from '../dynamodb/index.ts';
import type { MariadbConnection, MariadbTransactions } from '../mariadb/index.ts';
import type { PgClient, PostgresTransactions } from '../postgres/index.ts';
import type { RedisStore } from '../redis/index.ts';
import type { SqliteTransactions } from '../sqlite/index.ts';
import { openDynamodb } from './dynamodb-url.ts';
import { openMemory, openSqlite } from './local-urls.ts';
import { openMariadb } from './mariadb-url.ts';
import { type Opened, type StoreFromUrlOptions, storeFromUrlTable } from './opened.ts';
import { openPostgres } from './postgres-url.ts';
import { openRedis } from './redis-url.ts';
import { schemeOf } from './store-url.ts';

export type { Migration } from '../shared/migration.ts';
export { migrateFromUrl, migrationsFromUrl } from './migrate-url.ts';
export type { StoreFromUrlOptions } from './opened.ts';

/**
 * The type of a URL's store. If the scheme is only known at run time, the type has no transactions; use a type such as
 * `` `postgres://${string}` `` to get them.
 */
export type StoreFromUrl<Url extends string> = string extends Url
  ? OperatorStore
  : Url extends `redis:${string}` | `rediss:${string}`
    ? RedisStore
    : Url extends `postgres:${string}` | `postgresql:${string}`
      ? OperatorStore<PostgresTransactions<PgClient>>
      : Url extends `mariadb:${string}`
        ? OperatorStore<MariadbTransactions<MariadbConnection>>
        : Url extends `dynamodb:${string}`
          ? OperatorStore<DynamodbTransactions<DynamodbClient>>
          : Url extends `sqlite:${string}`
            ? OperatorStore<SqliteTransactions>
            : OperatorStore;

/** Longer than a call that began before `close` may take, by default. */
const closeLimitMs = 15_000;

type Closable = Pick<OperatorStore, 'ping' | 'close'>;

const openers: Readonly<Record<string, (url: URL, options: StoreFromUrlOptions) => Promise<Opened<Closable>>>> = {
  'redis:': openRedis,
  'rediss:': openRedis,
  'postgres:': openPostgres,
  'postgresql:': openPostgres,
  'mariadb:': openMariadb,
  'dynamodb:': openDynamodb,
  'sqlite:': openSqlite,
  'memory:': openMemory,
};

/**
 * Creates a store from a URL, with its own client that `close` closes. It checks that the server answers and has the
 * tables that the store needs.
 *
 * | URL | package | parameters |
 * |---|---|---|
 * | `redis://user:password@host:6379/0`, with TLS `rediss:` | `ioredis` | `prefix`, `maxResultBytes`, `timeoutMs` |
 * | `postgres://user:password@host/database` | `pg` | `schema`, `tablePrefix`, `connections` (10), `listen`, `prepare`, `connectTimeoutMs`, `callTimeoutMs`, `maxResultBytes`; for `pg`: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `application_name` |
 * | `mariadb://user:password@host/database` | `mysql2` | `tablePrefix`, `connections` (10), `ssl`, `callTimeoutMs`, `maxResultBytes` |
 * | `dynamodb://region/table` | `@aws-sdk/client-dynamodb` | `endpoint`, `prefix`, `clock`, `claimBy`, `maxResultBytes`, `callTimeoutMs` |
 * | `sqlite:path/of/a/file` | none | `synchronous`, `lockTimeoutMs`, `maxResultBytes` |
 * | `memory:` | none | `maxRecords`, `maxBytes`, `maxResultBytes`, `allowInProduction` |
 *
 * The parameters are the options of each store. For a cluster, servers behind Sentinel, and anything else that a URL
 * cannot express, use the store's own function. Passwords have to be percent-encoded; they never appear in a message.
 *
 * @throws LatchkeyError `option-invalid` for another scheme, or an invalid URL;
 * `option-unknown` for another parameter; `driver-missing` if the package is not installed; `store-unavailable` if
 * the server does not answer; `schema-missing`, `schema-mismatch`.
 * @example
 * ```ts
 * const store = await storeFromUrl('postgres://shop:secret@db.internal/shop?schema=latchkey')
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * process.once('SIGTERM', async () => {
 *   await guard.shutdown()
 *   await store.close()
 * })
 * ```
 */
export function storeFromUrl<const Url extends string>(
  url: Url,
  options?: StoreFromUrlOptions,
): Promise<StoreFromUrl<Url>>;
export async function storeFromUrl(text: string, options: StoreFromUrlOptions = {}): Promise<unknown> {
  readOptions('storeFromUrl', storeFromUrlTable, options);
  const { url, found: open } = schemeOf(text, openers);
  const opened = await open(url, options);
  return ready(opened.connect, closingAll(opened, options.runtime ?? systemRuntime));
}

/** The same store, whose `close` also closes the client. A client may wait for the answers of a server without a limit. */
function closingAll({ store, end }: Opened<Closable>, runtime: Runtime): Closable {
  const closeStore = store.close.bind(store);
  let closing: Promise<void> | undefined;
  const closeBoth = async () => {
    await closeStore();
    await end?.();
  };
  return Object.assign(store, {
    close: () => {
      closing ??= withTimeLimit(runtime, closeLimitMs, closeBoth());
      return closing;
    },
  });
}

async function ready(connect: Opened<Closable>['connect'], store: Closable): Promise<Closable> {
  try {
    await connect?.();
    await store.ping();
    return store;
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}
