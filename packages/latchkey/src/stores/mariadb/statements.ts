/**
 * The store's statements from their files: placeholders such as `{records}` are filled in, and named inputs become the
 * question marks of a prepared statement.
 *
 * @module
 */

import type { Completed } from '../../core/options/rules.ts';
import type { namesTable, TableOptions } from './options.ts';
import { texts } from './sql.generated.ts';

/** A value of a prepared statement. Text is sent as bytes, independent of character sets. */
export type MariadbValue = number | Uint8Array | null;

/** A statement with the names of its inputs, in their order. */
export interface Statement {
  readonly sql: string;
  readonly inputs: readonly string[];
}

/** The quoted names of the store's tables. */
export interface TableNames {
  readonly records: string;
  readonly outbox: string;
  readonly schema: string;
}

/** Milliseconds since 1970. A local time would be ambiguous for one hour each autumn. */
const now = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000)";

/** The columns that a record is read from, in the order of the table, without its request. */
const columns = [
  'seq',
  'id',
  'format',
  'state',
  'flags',
  'revision',
  'attempt',
  'created',
  'changed',
  'lease_end',
  'expires',
  'token',
  'operation_id',
  'fingerprint',
  'principal',
  'operation',
  'steps',
  'result',
] as const;

/** The columns that a list of messages shows. */
const messageColumns = 'seq, id, due, attempts, created, operation_id, name, operation';

/** The columns that are written with a whole record. */
const writtenColumns = columns.filter((name) => name !== 'seq' && name !== 'id' && name !== 'revision');

const assignments = [
  ...writtenColumns.map((name) => `${name} = :${name}`),
  'request = IF(:keeps_request, request, :request)',
  'revision = revision + 1',
].join(', ');

/** The names of the tables, quoted. */
export function tableNames({ tablePrefix, database }: Completed<TableOptions, typeof namesTable>): TableNames {
  const folder = database === undefined ? '' : `\`${database}\`.`;
  const name = (table: string) => `${folder}\`${tablePrefix}${table}\``;
  return { records: name('records'), outbox: name('outbox'), schema: name('schema') };
}

/** A file of the folder `sql`. */
export type SqlFile = keyof typeof texts;

/** The text of a file, without its comments, for these tables. */
export function sqlText(file: SqlFile, tables: TableNames): string {
  const filled = { ...tables, now, columns: columns.join(', '), message_columns: messageColumns, assignments };
  const lines = texts[file].split('\n');
  const text = lines.filter((line) => !line.startsWith('--')).join('\n');
  return Object.entries(filled).reduce((sql, [name, value]) => sql.replaceAll(`{${name}}`, value), text.trim());
}

function statement(file: SqlFile, tables: TableNames): Statement {
  const inputs: string[] = [];
  const sql = sqlText(file, tables).replaceAll(/:([a-z_]+)/g, (_, name: string) => {
    inputs.push(name);
    return '?';
  });
  return { sql, inputs };
}

/** Reads every statement of the store. */
export function statements(tables: TableNames) {
  const read = (file: SqlFile) => statement(file, tables);
  return {
    inspect: read('inspect'),
    ping: read('ping'),
    claim: read('claim'),
    read: read('read'),
    renew: read('renew'),
    complete: read('complete'),
    release: read('release'),
    abandon: read('abandon'),
    saveStep: read('save-step'),
    change: read('change'),
    remove: read('remove'),
    list: read('list'),
    sweep: read('sweep'),
    erase: read('erase'),
    begin: read('begin'),
    commit: read('commit'),
    rollback: read('rollback'),
    enqueue: read('outbox-enqueue'),
    takeMessages: read('outbox-take'),
    delivered: read('outbox-delivered'),
    postpone: read('outbox-postpone'),
    retryMessage: read('outbox-retry'),
    listMessages: read('outbox-list'),
  };
}

/** The result of {@link statements}. */
export type Statements = ReturnType<typeof statements>;
