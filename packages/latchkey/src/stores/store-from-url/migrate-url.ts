/**
 * The tables of a URL's store: their SQL, and its application.
 *
 * @module
 */

import type { Migration } from '../shared/migration.ts';
import { openSqlite } from './local-urls.ts';
import { mariadbNames, openMariadbPool } from './mariadb-url.ts';
import { openPool, postgresNames } from './postgres-url.ts';
import { invalidUrl, schemeOf } from './store-url.ts';

/** The tables of one kind of store. */
interface Tables {
  migrations(url: URL): Promise<readonly Migration[]>;
  migrate(url: URL): Promise<void>;
}

const none: Tables = { migrations: async () => [], migrate: async () => {} };

const postgres: Tables = {
  migrations: async (url) => (await import('../postgres/index.ts')).migrations(postgresNames(url)),
  async migrate(url) {
    const { migrate } = await import('../postgres/index.ts');
    const pool = await openPool(url, 1);
    // Without a listener, a connection that breaks would end the process. The call rejects too.
    pool.on('error', () => {});
    await migrate(pool, postgresNames(url)).finally(() => pool.end());
  },
};

const mariadb: Tables = {
  migrations: async (url) => (await import('../mariadb/index.ts')).migrations(mariadbNames(url).names),
  async migrate(url) {
    const { migrate } = await import('../mariadb/index.ts');
    const { names, ssl } = mariadbNames(url);
    const pool = await openMariadbPool(url, 1, ssl);
    await migrate(pool, names).finally(() => pool.end());
  },
};

const sqlite: Tables = {
  migrations: async () => (await import('../sqlite/index.ts')).migrations(),
  // Opening the file creates its tables.
  migrate: async (url) => (await openSqlite(url, {})).store.close(),
};

const refused = async (): Promise<never> => {
  throw invalidUrl('a DynamoDB table is created with your own tool, from tableDefinition of latchkey/dynamodb.');
};

const tablesByScheme: Readonly<Record<string, Tables>> = {
  'redis:': none,
  'rediss:': none,
  'postgres:': postgres,
  'postgresql:': postgres,
  'mariadb:': mariadb,
  'dynamodb:': { migrations: refused, migrate: refused },
  'sqlite:': sqlite,
  'memory:': none,
};

/**
 * Returns the migrations of a URL's store, the oldest first; none for Redis and memory, which have no tables. It does
 * not connect.
 *
 * @throws LatchkeyError `option-invalid`, also for DynamoDB; `option-unknown`.
 * @example
 * ```ts
 * for (const { sql } of await migrationsFromUrl('postgres://shop@db.internal/shop?schema=latchkey')) console.log(sql)
 * ```
 */
export async function migrationsFromUrl(text: string): Promise<readonly Migration[]> {
  const { url, found } = schemeOf(text, tablesByScheme);
  return found.migrations(url);
}

/**
 * Applies the missing migrations of a URL's store. Many processes may call it at once and repeatedly. The URL's user
 * needs the right to create tables and will own them.
 *
 * @throws LatchkeyError like `migrationsFromUrl`; `driver-missing`, `store-unavailable`. The error of the database if it
 * refuses a statement.
 * @example
 * ```ts
 * await migrateFromUrl('postgres://admin:secret@db.internal/shop?schema=latchkey')
 * ```
 */
export async function migrateFromUrl(text: string): Promise<void> {
  const { url, found } = schemeOf(text, tablesByScheme);
  await found.migrate(url);
}
