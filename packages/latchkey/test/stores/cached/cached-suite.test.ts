import { describe, it } from 'vitest';
import { cachedStore } from '../../../src/stores/cached/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import type { SqliteTransactions } from '../../../src/stores/sqlite/index.ts';
import { manualRuntime, storeSuite } from '../../../src/testing/index.ts';
import { wrappedSqlite } from '../sqlite/wrapped-store.ts';

describe('memory store behind a cache', () => {
  storeSuite({
    describe,
    it,
    capabilities: ['watch'],
    create: ({ maxResultBytes }) => {
      const runtime = manualRuntime();
      return { store: cachedStore(memoryStore({ runtime, maxResultBytes }), { runtime }), advance: runtime.advance };
    },
  });
});

describe('sqlite store behind a cache', () => {
  storeSuite<SqliteTransactions>({
    describe,
    it,
    capabilities: ['transaction', 'watch', 'outbox'],
    create: ({ maxResultBytes }) => wrappedSqlite(maxResultBytes, (store, runtime) => cachedStore(store, { runtime })),
  });
});
