/**
 * The tables, as plain SQL for the user's own migration tool, and a function that applies it. The store itself never
 * changes the schema.
 *
 * @module
 */

import { checkOption, readOptions } from '../../core/options/read-options.ts';
import { isText, must, type OptionTable, required } from '../../core/options/rules.ts';
import { type Migration, numbered } from '../shared/migration.ts';
import type { PostgresBridge } from './bridges/bridge.ts';
import { bridgeOf, clientRule, type PostgresClient } from './client.ts';
import { sqlStateOf, toStoreError } from './errors.ts';
import { fill, type Names, namesOf, quoted } from './names.ts';
import { namesTable, type TableNames } from './options.ts';
import { columnIn, numberIn } from './row.ts';
import { texts } from './sql.generated.ts';
import { statementsFor } from './statements.ts';

/** The options of {@link grants}. */
export interface GrantOptions extends TableNames {
  /** The application's role. */
  readonly role: string;
}

/** The option table of {@link grants}. */
const grantsTable = {
  ...namesTable,
  role: required(must('the name of a role', isText)),
} satisfies OptionTable<GrantOptions>;

const versions = [texts['migration-1'], texts['migration-2']];

/**
 * All migrations, the oldest first, for the tool that you use for your own tables. Apply each once, in one
 * transaction. A released migration never changes. The schema must exist.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * for (const { name, sql } of migrations({ schema: 'shop' })) writeFileSync(`migrations/${name}.sql`, sql)
 * ```
 */
export function migrations(options: TableNames = {}): readonly Migration[] {
  const { words } = namesOf(readOptions('migrations', namesTable, options));
  return numbered(versions.map((text) => fill(text, words)));
}

/**
 * The statements that grant the application's role what the store needs at run time: reading and writing its records,
 * and reading the version of its tables. The owner of the tables runs them after the migrations.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * await admin.query(grants({ schema: 'shop', role: 'shop_app' }))
 * ```
 */
export function grants(options: GrantOptions): string {
  const { role, ...names } = readOptions('grants', grantsTable, options);
  return fill(texts.grants, { ...namesOf(names).words, role: quoted(role) });
}

/**
 * Applies the missing migrations, and creates the schema if it does not exist. It takes an advisory lock, so many
 * processes may call it at once and repeatedly; it does nothing if nothing is missing. Call it when you deploy, in the
 * role that will own the tables.
 *
 * @returns the versions that were applied.
 * @throws LatchkeyError `store-unavailable`, `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * await migrate(new Pool({ connectionString: process.env.ADMIN_URL }), { schema: 'shop' })
 * ```
 */
export async function migrate<Client extends PostgresClient>(
  client: Client,
  options: TableNames = {},
): Promise<readonly number[]> {
  checkOption('migrate', 'client', client, clientRule);
  const names = namesOf(readOptions('migrate', namesTable, options));
  const all = migrations(options);
  const bridge: PostgresBridge<unknown> = bridgeOf(client, {});
  try {
    return await bridge.begin((tx) => applyMissing(bridge, tx, names, all));
  } catch (error) {
    throw sqlStateOf(error) === undefined ? toStoreError(error) : error;
  }
}

async function applyMissing(
  bridge: PostgresBridge<unknown>,
  tx: unknown,
  names: Names,
  all: readonly Migration[],
): Promise<readonly number[]> {
  const lock = 'SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))::text AS locked';
  await bridge.query(tx, lock, [`latchkey migrations of ${names.words['records']}`]);
  const present = await versionOf(bridge, tx, names);
  const missing = all.filter(({ version }) => version > present);
  for (const { sql } of missing) for (const statement of statementsIn(sql)) await bridge.query(tx, statement, []);
  return missing.map(({ version }) => version);
}

async function versionOf(bridge: PostgresBridge<unknown>, tx: unknown, names: Names): Promise<number> {
  const [schema] = await bridge.query(tx, 'SELECT 1 AS found FROM pg_namespace WHERE nspname = $1::text', [
    names.schema,
  ]);
  if (schema === undefined) await bridge.query(tx, `CREATE SCHEMA ${quoted(names.schema)}`, []);
  const find = 'SELECT to_regclass($1::text)::text AS found';
  const [table] = await bridge.query(tx, find, [names.words['schema_versions'] ?? '']);
  if (table === undefined || columnIn(table, 'found') === null) return 0;
  const [newest] = await bridge.query(tx, statementsFor(names)['schema-version'], ['text']);
  return newest === undefined ? 0 : numberIn(newest, 'version');
}

/** Clients that bind values take one statement at a time. In migrations, a semicolon only ends a statement. */
function statementsIn(sql: string): readonly string[] {
  return sql
    .replaceAll(/^--.*\n/gm, '')
    .split(/;\s*\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
