import { describe, it } from 'vitest';
import { encryptedStore } from '../../../src/stores/encrypted/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import type { SqliteTransactions } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime, storeSuite } from '../../../src/testing/index.ts';
import { wrappedSqlite } from '../sqlite/wrapped-store.ts';

const key = new Uint8Array(32).fill(7);
const keys = { currentKey: 'k1', keys: { k1: key } };
/** Bytes that encryption adds to a value; the suite's limits are for plain ones. */
const sealedExtra = 33;

describe('encrypted memory store', () => {
  storeSuite({
    describe,
    it,
    capabilities: ['operator', 'watch'],
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
    capabilities: ['operator', 'transaction', 'watch', 'outbox'],
    create: ({ maxResultBytes }) =>
      wrappedSqlite(maxResultBytes && maxResultBytes + sealedExtra, (store) => encryptedStore(store, keys)),
  });
});
