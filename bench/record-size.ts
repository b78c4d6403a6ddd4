import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

function numberIn(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}

/** The bytes of one completed record in the file, including indexes. */
export function bytesPerRecord(folder: string): number {
  const database = new DatabaseSync(join(folder, 'bench.sqlite'));
  try {
    const pages = numberIn(database, 'pragma page_count') - numberIn(database, 'pragma freelist_count');
    const bytes = pages * numberIn(database, 'pragma page_size');
    return bytes / numberIn(database, 'select count(*) from latchkey_records');
  } finally {
    database.close();
  }
}
