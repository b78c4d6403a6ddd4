/**
 * The store's tables, as plain SQL for a migration tool, or applied from here.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkOptionNames } from '../../core/options-check.ts';
import { type MariadbClient, type MariadbConnection, promisePool } from './client.ts';
import { explain } from './mariadb-errors.ts';
import { columnsOf } from './row.ts';
import { sqlText, type TableNames, type TableOptions, tableNames } from './statement.ts';

/** The version of the schema that this code reads and writes: the oldest code that can work with it. */
export const newestVersion = 1;

/** How many additions to it this code needs. */
export const knownAdditions = 1;

const files = ['schema-1', 'schema-2'] as const;

/** What {@link migrations} is told. */
export interface MigrationOptions extends TableOptions {
  /** The account that the store connects as, such as `'shop'@'%'`; what it needs is granted to it. */
  readonly grantTo?: string;
}

const optionNames = ['tablePrefix', 'database', 'grantTo'];
const accountName = /^'[^'\\`]{1,80}'@'[^'\\`]{1,255}'$/;
const lockSeconds = 60;

/**
 * The SQL that makes the store's tables, all versions one after the other; every statement may be repeated.
 *
 * @throws LatchkeyError `option-invalid`, `option-unknown`.
 * @example
 * ```ts
 * console.log(migrations({ database: 'shop', grantTo: "'shop'@'%'" }))
 * ```
 */
export function migrations(options: MigrationOptions = {}): string {
  return `${statementsOf(options).join(';\n\n')};\n`;
}

/**
 * Applies {@link migrations}, one process at a time. The client needs the right to create tables, and to grant if
 * `grantTo` is given; the store itself does not.
 *
 * @throws LatchkeyError `store-unavailable` if a statement fails, or if another process is at it for a minute;
 * `option-invalid`, `option-unknown`.
 * @example
 * ```ts
 * await migrate(createPool({ host, user: 'admin', password, database: 'shop' }))
 * ```
 */
export async function migrate(client: MariadbClient, options: MigrationOptions = {}): Promise<void> {
  const statements = statementsOf(options);
  const lock = `${options.tablePrefix ?? 'latchkey_'}migrate`;
  try {
    await withConnection(client, (connection) => underLock(connection, lock, statements));
  } catch (error) {
    throw explain(error);
  }
}

function statementsOf(options: MigrationOptions): readonly string[] {
  checkOptionNames('migrations', options, optionNames);
  const tables = tableNames('migrations', options);
  const schema = files.flatMap((file) => split(sqlText(file, tables)));
  return options.grantTo === undefined ? schema : [...schema, ...grants(tables, options.grantTo)];
}

function grants(tables: TableNames, account: string): readonly string[] {
  if (!accountName.test(account))
    throw new LatchkeyError('option-invalid', "migrations: grantTo must be an account like 'name'@'host', quoted.");
  return split(sqlText('grants', tables).replaceAll('{user}', account));
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
    throw new LatchkeyError('store-unavailable', `Another process has been migrating for ${lockSeconds} seconds.`);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.query(`DO RELEASE_LOCK('${lock}')`);
  }
}
