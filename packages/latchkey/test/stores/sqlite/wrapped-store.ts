import { DatabaseSync } from 'node:sqlite';
import type { OperatorStore } from '../../../src/core/store.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { type ManualRuntime, manualRuntime } from '../../../src/testing/index.ts';
import { temporaryFolder } from './handles.ts';

type Wrap = (
  store: OperatorStore<SqliteTransactions<DatabaseSync>>,
  runtime: ManualRuntime,
) => OperatorStore<SqliteTransactions<DatabaseSync>>;

/** The store suite's setup for a wrapped SQLite store. */
export async function wrappedSqlite(maxResultBytes: number | undefined, wrap: Wrap) {
  const folder = await temporaryFolder();
  const database = new DatabaseSync(folder.path('store.db'));
  database.exec('CREATE TABLE effects (seq INTEGER PRIMARY KEY, effect TEXT)');
  const runtime = manualRuntime();
  const limit = maxResultBytes === undefined ? {} : { maxResultBytes };
  return {
    store: wrap(sqliteStore({ database, runtime, ...limit }), runtime),
    advance: runtime.advance,
    dispose: () => {
      database.close();
      return folder.remove();
    },
    transactions: {
      write: (db: DatabaseSync, text: string) => void db.prepare('INSERT INTO effects (effect) VALUES (?)').run(text),
      written: () =>
        database
          .prepare('SELECT effect FROM effects ORDER BY seq')
          .all()
          .map((row) => String(Reflect.get(Object(row), 'effect'))),
    },
  };
}
