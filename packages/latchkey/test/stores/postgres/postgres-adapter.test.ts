import { afterAll, beforeAll, describe, it } from 'vitest';
import type { PostgresTransactions } from '../../../src/stores/postgres/index.ts';
import { adapterSuite } from '../../../src/testing/index.ts';
import { startNode } from '../../adapters/apps/node.ts';
import { isSelected } from '../../servers/selected.ts';
import { type PgTx, pgClient, type TestClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

describe.runIf(isSelected('postgres'))('node × postgres', () => {
  let database: TestDatabase;
  let client: TestClient<PgTx>;

  beforeAll(async () => {
    database = await testDatabase();
    client = pgClient(database.server.url);
  });

  afterAll(async () => {
    await client.close();
    await database.stop();
  });

  adapterSuite<PostgresTransactions<PgTx>>({
    describe,
    it,
    start: startNode,
    transactions: true,
    createStore: async () => {
      await database.clear();
      return { store: client.store({}), transactions: { write: client.write, written: database.effects } };
    },
  });
});
