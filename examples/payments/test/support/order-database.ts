import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What an attempt did at a step, from the database: `reserve 1 ran`. */
export function readNotes(dataFolder: string): readonly string[] {
  const sql = 'SELECT step, attempt, doing FROM order_step_notes ORDER BY operation_id, attempt, rowid';
  return read(dataFolder, sql).map((row) => `${row['step']} ${row['attempt']} ${row['doing']}`);
}

/** The remaining stock of a product. */
export function readStock(dataFolder: string, product: string): number {
  const [row] = read(dataFolder, 'SELECT pieces FROM stock WHERE product = ?', product);
  return Number(row?.['pieces']);
}

function read(dataFolder: string, sql: string, ...values: readonly string[]): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(dataFolder, 'payments.sqlite'), { readOnly: true });
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}
