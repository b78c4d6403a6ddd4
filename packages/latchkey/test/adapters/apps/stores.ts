import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OperatorStore } from '../../../src/core/store.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import type { SuiteStore } from '../../../src/testing/index.ts';

export function memory(): SuiteStore {
  return { store: memoryStore() };
}

/** In memory if possible, since a busy disk can stall the event loop for longer than a short lease. */
const folders = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A new file, opened with our own handle, so that the test can read committed data. */
export function sqlite(): SuiteStore<SqliteTransactions<DatabaseSync>> {
  const folder = mkdtempSync(join(folders, 'latchkey-adapters-'));
  const database = new DatabaseSync(join(folder, 'test.db'));
  database.exec('CREATE TABLE effects (text TEXT)');
  const store: OperatorStore<SqliteTransactions<DatabaseSync>> = sqliteStore({ database, synchronous: 'normal' });
  return {
    store,
    transactions: {
      write: (handle, text) => void handle.prepare('INSERT INTO effects VALUES (?)').run(text),
      written: () =>
        database
          .prepare('SELECT text FROM effects')
          .all()
          .map((row) => String(row['text'])),
    },
    dispose: () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
