/**
 * The store's tables, as plain SQL for a migration tool, and a function that applies it.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import { readOptions } from '../../core/options/read-options.ts';
import { isText, must, type OptionTable, required } from '../../core/options/rules.ts';
import { type Migration, numbered } from '../shared/migration.ts';
import { type MariadbClient, type MariadbConnection, promisePool } from './client.ts';
import { toStoreError } from './errors.ts';
import { namesTable, type TableOptions } from './options.ts';
import { columnsOf } from './row.ts';
import { sqlText, tableNames } from './statements.ts';

/** The version of the schema that this code reads and writes: the oldest code that can work with it. */
export const newestVersion = 1;

/** Number of additions to it that this code needs. */
export const knownAdditions = 1;

const files = ['schema-1', 'schema-2'] as const;

/** The options of {@link migrate}. */
export interface MigrateOptions extends TableOptions {
  /** The account of the store's connections, such as `'shop'@'%'`; it is granted what the store needs. */
  readonly grantTo?: string;
}

/** The options of {@link grants}. */
export interface GrantOptions extends TableOptions {
  /** The account of the store's connections, such as `'shop'@'%'`. */
  readonly grantTo: string;
}

const accountName = /^'[^'\\`]{1,80}'@'[^'\\`]{1,255}'$/;
const account = must("an account like 'name'@'host', quoted", (value) => isText(value) && accountName.test(value));

/** The option table of {@link migrate}. */
const migrateTable = { ...namesTable, grantTo: account } satisfies OptionTable<MigrateOptions>;

/** The option table of {@link grants}. */
const grantsTable = { ...namesTable, grantTo: required(account) } satisfies OptionTable<GrantOptions>;

const lockSeconds = 60;

/**
 * All migrations, the oldest first, for the tool that you use for your own tables. The database must exist. A
 * migration may be applied repeatedly. A released migration never changes.
 *
 * @throws LatchkeyError `option-invalid`, `option-unknown`.
 * @example
 * ```ts
 * for (const { name, sql } of migrations({ database: 'shop' })) writeFileSync(`migrations/${name}.sql`, sql)
 * ```
 */
export function migrations(options: TableOptions = {}): readonly Migration[] {
  const tables = tableNames(readOptions('migrations', namesTable, options));
  return numbered(files.map((file) => `${sqlText(file, tables)}\n`));
}

/**
 * The statements that grant the application's account what the store needs at run time. An account with the right to
 * grant runs them after the migrations.
 *
 * @throws LatchkeyError `option-invalid`, `option-unknown`.
 * @example
 * ```ts
 * console.log(grants({ database: 'shop', grantTo: "'shop'@'%'" }))
 * ```
 */
export function grants(options: GrantOptions): string {
  const { grantTo, ...names } = readOptions('grants', grantsTable, options);
  return `${sqlText('grants', tableNames(names)).replaceAll('{user}', grantTo)}\n`;
}

/**
 * Applies {@link migrations} and {@link grants}, one process at a time. The client needs the right to create tables,
 * and to grant if `grantTo` is set; the store itself does not.
 *
 * @throws LatchkeyError `store-unavailable` if a statement fails, or if another process holds the lock for a minute;
 * `option-invalid`, `option-unknown`.
 * @example
 * ```ts
 * await migrate(createPool({ host, user: 'admin', password, database: 'shop' }))
 * ```
 */
export async function migrate(client: MariadbClient, options: MigrateOptions = {}): Promise<void> {
  readOptions('migrate', migrateTable, options);
  const { grantTo, ...names } = options;
  const schema = migrations(names).map(({ sql }) => sql);
  const texts = grantTo === undefined ? schema : [...schema, grants({ ...names, grantTo })];
  const lock = `${options.tablePrefix ?? 'latchkey_'}migrate`;
  try {
    await withConnection(client, (connection) => underLock(connection, lock, texts.flatMap(split)));
  } catch (error) {
    throw toStoreError(error);
  }
}

function split(sql: string): readonly string[] {
  const statements = sql.split(';').map((statement) => statement.trim());
  return statements.filter((statement) => statement !== '');
}

async function withConnection(
  client: MariadbClient,
  work: (connection: MariadbConnection) => Promise<void>,
): Promise<void> {
  const connection = await promisePool(client).getConnection();
  try {
    await work(connection);
  } finally {
    connection.release();
  }
}

async function underLock(connection: MariadbConnection, lock: string, statements: readonly string[]): Promise<void> {
  const [rows] = Object(await connection.query(`SELECT GET_LOCK('${lock}', ${lockSeconds}) AS taken`));
  if (Number(columnsOf(Object(rows)[0])('taken')) !== 1)
    throw new StoreUnavailableError(`Another process has held the migration lock for ${lockSeconds} seconds.`);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.query(`DO RELEASE_LOCK('${lock}')`);
  }
}
