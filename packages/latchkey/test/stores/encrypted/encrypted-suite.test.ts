import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'vitest';
import { encryptedStore } from '../../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime, storeSuite } from '../../../src/testing/index.ts';
import { temporaryFolder } from '../sqlite/handles.ts';

const key = new Uint8Array(32).fill(7);
const keys = { currentKey: 'k1', keys: { k1: key } };
/** What sealing adds to a value; the limits of the suite speak of plain ones. */
const sealedExtra = 33;

describe('encrypted memory store', () => {
  storeSuite({
    describe,
    it,
    capabilities: ['watch'],
    create: async ({ maxResultBytes }) => {
      const runtime = manualRuntime();
      const limit = maxResultBytes === undefined ? {} : { maxResultBytes: maxResultBytes + sealedExtra };
      return {
        store: encryptedStore(memoryStore({ runtime, ...limit }), keys),
        advance: runtime.advance,
        dispose: async () => {},
      };
    },
  });
});

describe('encrypted sqlite store', () => {
  storeSuite<SqliteTransactions>({
    describe,
    it,
    capabilities: ['transaction', 'watch'],
    create: async ({ maxResultBytes }) => {
      const folder = await temporaryFolder();
      const handle = new DatabaseSync(folder.path('store.db'));
      handle.exec('CREATE TABLE effects (seq INTEGER PRIMARY KEY, effect TEXT)');
      const runtime = manualRuntime();
      const limit = maxResultBytes === undefined ? {} : { maxResultBytes: maxResultBytes + sealedExtra };
      return {
        store: encryptedStore(sqliteStore({ database: handle, runtime, ...limit }), keys),
        advance: runtime.advance,
        dispose: () => {
          handle.close();
          return folder.remove();
        },
        transactions: {
          write: (db, text) => void db.prepare('INSERT INTO effects (effect) VALUES (?)').run(text),
          written: () =>
            handle
              .prepare('SELECT effect FROM effects ORDER BY seq')
              .all()
              .map((row) => String(Reflect.get(Object(row), 'effect'))),
        },
      };
    },
  });
});
