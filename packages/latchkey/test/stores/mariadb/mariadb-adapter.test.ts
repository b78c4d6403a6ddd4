import type { PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type MariadbTransactions, mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { onEveryAdapter } from '../../adapters/apps/every-adapter.ts';
import { isSelected } from '../../servers/selected.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { writeEffect } from './pools.ts';

describe.runIf(isSelected('mariadb'))('mysql2', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  onEveryAdapter<MariadbTransactions<PoolConnection>>('mariadb', {
    describe,
    it,
    transactions: true,
    createStore: async () => {
      await database.clear();
      return {
        store: mariadbStore({ client: database.pool }),
        transactions: { write: writeEffect, written: database.effects },
      };
    },
  });
});
