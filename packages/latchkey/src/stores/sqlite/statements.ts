/**
 * The statements on the table of records.
 *
 * @module
 */

import type { RecordState } from '../../core/store.ts';
import type { SqliteDatabase, SqliteStatement } from './client.ts';
import { fixedColumns, flagBits, movingColumns, requestStateCodes, stateCodes } from './row.ts';

const allColumns = [...fixedColumns, ...movingColumns];

const insert = `
INSERT INTO latchkey_records (${allColumns.join(', ')}) VALUES (${allColumns.map(() => '?').join(', ')})
ON CONFLICT (id) DO NOTHING`;

const find = `SELECT ${allColumns.join(', ')} FROM latchkey_records WHERE id = ?`;

/** The columns that a replay needs; reading the others would cost as much again. */
const findCompleted = `
SELECT flags, changed, fingerprint, operation_id, result FROM latchkey_records
WHERE id = ? AND state = ${stateCodes.completed} AND expires > ?`;

const update = `UPDATE latchkey_records SET ${movingColumns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;

const complete = `
UPDATE latchkey_records
SET state = ${stateCodes.completed}, flags = (flags & ${flagBits.rerun}) | ?, lease_end = NULL, expires = ?, changed = ?, result = ?
WHERE id = ? AND token = ? AND state = ${stateCodes.held} AND expires > ?`;

const remove = 'DELETE FROM latchkey_records WHERE id = ?';

/** Adds no request if the insert of its record did nothing, because another one was first. */
const putRequest = `
INSERT OR REPLACE INTO latchkey_requests (seq, request) SELECT seq, ? FROM latchkey_records WHERE id = ?`;

const dropRequest = 'DELETE FROM latchkey_requests WHERE seq = (SELECT seq FROM latchkey_records WHERE id = ?)';

const findRequest = `
SELECT request FROM latchkey_requests WHERE seq = (SELECT seq FROM latchkey_records WHERE id = ?)`;

const sweep = `
DELETE FROM latchkey_records
WHERE seq IN (SELECT seq FROM latchkey_records WHERE state = ? AND expires <= ? LIMIT ?)`;

const eraseEnd = `
SELECT max(seq) AS seq FROM (SELECT seq FROM latchkey_records WHERE seq > ? ORDER BY seq LIMIT ?)`;

const erase = 'DELETE FROM latchkey_records WHERE seq > ? AND seq <= ? AND principal = ? RETURNING id, expires';

const ping = 'SELECT seq FROM latchkey_records LIMIT 1';

/** The values of the column `state` for each listed state. */
export const listedCodes: Record<RecordState, readonly number[]> = {
  running: [stateCodes.held, requestStateCodes.held],
  lapsed: [stateCodes.held, requestStateCodes.held],
  open: [stateCodes.open, requestStateCodes.open],
  completed: [stateCodes.completed],
};

/** The index returns each code in order, and SQLite merges them. The values are bound once for each code. */
function list(state: RecordState, condition: string): string {
  const parts = listedCodes[state].map(
    (code) => `
SELECT seq, ${allColumns.join(', ')} FROM latchkey_records
WHERE state = ${code} AND expires > ? AND (expires, seq) > (?, ?) AND ${condition}`,
  );
  return `${parts.join(' UNION ALL ')} ORDER BY expires, seq LIMIT ?`;
}

/** Unheld records have no lease end, so this is always true for them. */
const leaseOver = 'coalesce(lease_end, 0) <= ?';

const isLapsed = `(${leaseOver} OR flags & ${flagBits.abandoned} <> 0)`;

const lists: Record<RecordState, string> = {
  running: list('running', `NOT ${isLapsed}`),
  lapsed: list('lapsed', isLapsed),
  open: list('open', leaseOver),
  completed: list('completed', leaseOver),
};

/** The prepared statements of one handle. */
export interface Statements {
  readonly insert: SqliteStatement;
  readonly find: SqliteStatement;
  readonly findCompleted: SqliteStatement;
  readonly update: SqliteStatement;
  readonly complete: SqliteStatement;
  readonly remove: SqliteStatement;
  readonly putRequest: SqliteStatement;
  readonly dropRequest: SqliteStatement;
  readonly findRequest: SqliteStatement;
  readonly sweep: SqliteStatement;
  readonly eraseEnd: SqliteStatement;
  readonly erase: SqliteStatement;
  readonly ping: SqliteStatement;
  readonly list: Record<RecordState, SqliteStatement>;
}

/** Prepares all statements; the tables must exist. */
export function statements(db: SqliteDatabase): Statements {
  return {
    insert: db.prepare(insert),
    find: db.prepare(find),
    findCompleted: db.prepare(findCompleted),
    update: db.prepare(update),
    complete: db.prepare(complete),
    remove: db.prepare(remove),
    putRequest: db.prepare(putRequest),
    dropRequest: db.prepare(dropRequest),
    findRequest: db.prepare(findRequest),
    sweep: db.prepare(sweep),
    eraseEnd: db.prepare(eraseEnd),
    erase: db.prepare(erase),
    ping: db.prepare(ping),
    list: {
      running: db.prepare(lists.running),
      lapsed: db.prepare(lists.lapsed),
      open: db.prepare(lists.open),
      completed: db.prepare(lists.completed),
    },
  };
}
