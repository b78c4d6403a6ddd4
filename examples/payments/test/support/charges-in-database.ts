import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A charge in the database. */
export interface StoredCharge {
  readonly id: string;
  readonly description: string | null;
  readonly operationId: string | null;
}

/** Reads every charge directly from the file. */
export function readCharges(dataFolder: string): readonly StoredCharge[] {
  const database = new DatabaseSync(join(dataFolder, 'payments.sqlite'), { readOnly: true });
  try {
    const rows = database.prepare('SELECT id, description, operation_id FROM charges ORDER BY number').all();
    return rows.map((row) => ({
      id: String(row['id']),
      description: row['description'] === null ? null : String(row['description']),
      operationId: row['operation_id'] === null ? null : String(row['operation_id']),
    }));
  } finally {
    database.close();
  }
}
