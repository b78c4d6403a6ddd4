/**
 * The tables of the store, and the check that the store may write to a file. An application's own tables may be in the
 * same file, so the version is in a table too: `user_version` belongs to the application.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { type Migration, numbered } from '../shared/migration.ts';
import { pragma, type SqliteDatabase } from './client.ts';
import { isBusy, isNotADatabase, messageOf, unreadable } from './errors.ts';
import {
  checkProbe,
  columnsOf,
  fixedColumns,
  movingColumns,
  probeRow,
  requestStateCodes,
  text,
  wholeNumber,
} from './row.ts';

/**
 * The oldest version of the code that can use the tables. Later additions do not change it, and older releases ignore
 * them.
 */
const formatVersion = 1;

/**
 * Rows are appended, so that the rows of a commit are on few pages; so are the entries of the index by state. Only the
 * index by id is written at random places, and it is as small as possible.
 */
const createTables = `
CREATE TABLE latchkey_format (version INTEGER NOT NULL);
INSERT INTO latchkey_format VALUES (${formatVersion});
CREATE TABLE latchkey_records (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  state INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  lease_end INTEGER,
  expires INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  created INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  token BLOB NOT NULL,
  operation_id BLOB NOT NULL,
  fingerprint TEXT NOT NULL,
  principal BLOB NOT NULL,
  operation TEXT NOT NULL,
  steps BLOB,
  result BLOB
);
CREATE INDEX latchkey_records_by_state ON latchkey_records (state, expires);
`;

/** Additions to format 1: requests of records, and messages. The trigger removes a request with its record, whichever
 * version removes the record. */
const createAdditions = `
CREATE TABLE IF NOT EXISTS latchkey_requests (seq INTEGER PRIMARY KEY, request BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS latchkey_requests_end AFTER DELETE ON latchkey_records
WHEN old.state IN (${Object.values(requestStateCodes).join(', ')})
BEGIN
  DELETE FROM latchkey_requests WHERE seq = old.seq;
END;
CREATE TABLE IF NOT EXISTS latchkey_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  due INTEGER,
  attempts INTEGER NOT NULL,
  created INTEGER NOT NULL,
  token BLOB,
  operation_id BLOB NOT NULL,
  name TEXT NOT NULL,
  operation TEXT NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS latchkey_outbox_by_due ON latchkey_outbox (due);
`;

/**
 * All migrations, the oldest first, for the tool that you use for your own tables. Applying them is optional: the
 * store creates missing tables on first use. Apply each once, before a store opens the file. A released migration
 * never changes.
 *
 * @example
 * ```ts
 * for (const { name, sql } of migrations()) writeFileSync(`migrations/${name}.sql`, sql)
 * ```
 */
export function migrations(): readonly Migration[] {
  return numbered([createTables, createAdditions].map((sql) => sql.trimStart()));
}

/** The columns of a message that a list shows. */
export const outboxColumns = 'id, due, attempts, created, operation_id, name, operation';

const additions = ['latchkey_requests', 'latchkey_requests_end', 'latchkey_outbox', 'latchkey_outbox_by_due'];
const findAdditions = `SELECT name FROM sqlite_schema WHERE name IN (${additions.map((name) => `'${name}'`).join(', ')})`;
const findTables = "SELECT name FROM sqlite_schema WHERE name IN ('latchkey_format', 'latchkey_records')";
const readVersions = 'SELECT version FROM latchkey_format';
const readColumns = `SELECT seq, ${[...fixedColumns, ...movingColumns].join(', ')} FROM latchkey_records LIMIT 0`;
const readAddedColumns: Readonly<Record<string, string>> = {
  latchkey_requests: 'SELECT seq, request FROM latchkey_requests LIMIT 0',
  latchkey_outbox: `SELECT seq, ${outboxColumns}, token, payload FROM latchkey_outbox LIMIT 0`,
};

/** The settings of a handle. */
export interface DatabaseSettings {
  readonly synchronous: 'full' | 'normal';
  /**
   * True if the store opened the file itself. Then it also sets the page cache, and does not write to a file that
   * another application has marked as its own.
   */
  readonly isOwnFile: boolean;
}

/** Ids are random, so a claim reads and writes a random page of their index, which should be in memory. */
const cacheKibibytes = 16_384;

/**
 * Checks the file, configures the handle, and creates missing tables. Nothing is written before all checks have passed.
 *
 * @throws LatchkeyError `record-unreadable`, `option-invalid`; SQLite's error if another connection is busy.
 */
export function prepareDatabase(db: SqliteDatabase, settings: DatabaseSettings): void {
  const isWhole = checkFile(db, settings) && hasAdditions(db);
  if (pragma(db, 'journal_mode') !== 'wal' && pragma(db, 'journal_mode = WAL') !== 'wal')
    throw new LatchkeyError('option-invalid', 'sqliteStore: database must be a file in WAL mode.');
  db.exec(`PRAGMA synchronous = ${settings.synchronous}`);
  if (settings.isOwnFile) db.exec(`PRAGMA cache_size = -${cacheKibibytes}`);
  if (!isWhole) createMissing(db);
  db.prepare(readColumns).all();
}

function checkFile(db: SqliteDatabase, settings: DatabaseSettings): boolean {
  try {
    if (settings.isOwnFile && wholeNumber(pragma(db, 'application_id')) !== 0)
      throw unreadable('the file is marked as that of another application (PRAGMA application_id)');
    return checkTables(db);
  } catch (cause) {
    if (isNotADatabase(cause)) throw unreadable('the file is not an SQLite database', { cause });
    throw cause;
  }
}

function checkTables(db: SqliteDatabase): boolean {
  checkProbe(db.prepare(probeRow).get());
  const tables = db.prepare(findTables).all();
  if (tables.length === 0) return false;
  if (tables.length < 2) throw unreadable('its tables are not those of this version');
  const versions = db.prepare(readVersions).all().map(versionOf);
  const newest = Math.max(...versions);
  if (newest > formatVersion)
    throw unreadable(`a newer version wrote it (format ${newest}, known is ${formatVersion})`);
  if (versions.length !== 1 || newest < formatVersion) throw unreadable('its format is unknown');
  checkColumns(db, readColumns);
  return true;
}

/** Whether the additions exist; ones with other columns are refused. */
function hasAdditions(db: SqliteDatabase): boolean {
  const found = db
    .prepare(findAdditions)
    .all()
    .map((row) => text(columnsOf(row)('name')));
  for (const [table, columns] of Object.entries(readAddedColumns)) if (found.includes(table)) checkColumns(db, columns);
  return found.length === additions.length;
}

function checkColumns(db: SqliteDatabase, statement: string): void {
  try {
    db.prepare(statement).all();
  } catch (cause) {
    if (isBusy(cause)) throw cause;
    throw unreadable(`its columns are not those of this version: ${messageOf(cause)}`, { cause });
  }
}

function createMissing(db: SqliteDatabase): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been first.
    if (!checkTables(db)) db.exec(createTables);
    if (!hasAdditions(db)) db.exec(createAdditions);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(row: unknown): number {
  return wholeNumber(columnsOf(row)('version'));
}
