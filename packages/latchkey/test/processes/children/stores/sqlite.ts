import { DatabaseSync } from 'node:sqlite';
import type { Runtime } from '../../../../src/core/runtime.ts';
import type { AnyOperatorStore } from '../../../../src/core/store.ts';
import { sqliteStore } from '../../../../src/stores/sqlite/index.ts';
import type { OpenedStore } from '../opened-store.ts';

export function openSqlite({ file }: { readonly file: string }, runtime: Runtime): OpenedStore {
  const database = new DatabaseSync(file);
  return {
    store: sqliteStore({ database, lockTimeoutMs: 5_000, runtime }) as AnyOperatorStore,
    write: (_, effect) => {
      database.prepare('INSERT INTO effects (effect) VALUES (?)').run(effect);
    },
    waits: false,
  };
}
