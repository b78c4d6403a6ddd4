import { describe, it } from 'vitest';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime, type StoreSetup, type StoreUnderTest, storeSuite } from '../../../src/testing/index.ts';
import { drivers, type Handle, temporaryFolder } from './handles.ts';

async function create(
  { maxResultBytes }: StoreSetup,
  open: (path: string) => Handle,
): Promise<StoreUnderTest<SqliteTransactions>> {
  const folder = await temporaryFolder();
  const handle = open(folder.path('store.db'));
  handle.exec('CREATE TABLE effects (seq INTEGER PRIMARY KEY, effect TEXT)');
  const runtime = manualRuntime();
  return {
    store: sqliteStore<SqliteTransactions['handle']>({ database: handle, runtime, maxResultBytes }),
    advance: runtime.advance,
    dispose: () => {
      handle.close();
      return folder.remove();
    },
    transactions: {
      write: (db, text) => void db.prepare('INSERT INTO effects (effect) VALUES (?)').run(text),
      written: () => handle.prepare('SELECT effect FROM effects ORDER BY seq').all().map(effectOf),
    },
  };
}

function effectOf(row: unknown): string {
  return String(Reflect.get(Object(row), 'effect'));
}

for (const [driver, open] of Object.entries(drivers)) {
  describe(`sqlite store on ${driver}`, () => {
    storeSuite<SqliteTransactions>({
      describe,
      it,
      capabilities: ['operator', 'transaction', 'watch', 'outbox'],
      create: (setup) => create(setup, open),
    });
  });
}
