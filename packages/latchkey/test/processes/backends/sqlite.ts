import { DatabaseSync } from 'node:sqlite';
import type { Backend } from './backend.ts';
import { runFolder } from './folder.ts';

function isLocked(file: string): boolean {
  const database = new DatabaseSync(file);
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

export async function sqliteBackend(): Promise<Backend> {
  const folder = await runFolder();
  const file = folder.path('store.db');
  const database = new DatabaseSync(file);
  database.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; CREATE TABLE effects (effect TEXT NOT NULL)');
  return {
    name: 'sqlite',
    settings: () => ({ kind: 'sqlite', file }),
    ownClock: false,
    hasTransactions: true,
    stepClock: async (ms) => {
      database.prepare('UPDATE latchkey_records SET lease_end = lease_end - ?').run(ms);
    },
    isLocked: () => isLocked(file),
    effects: async () =>
      database
        .prepare('SELECT effect FROM effects')
        .all()
        .map(({ effect }) => String(effect)),
    path: folder.path,
    stop: async () => {
      database.close();
      await folder.remove();
    },
  };
}
