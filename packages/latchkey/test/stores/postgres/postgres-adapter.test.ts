import { afterAll, beforeAll, describe, it } from 'vitest';
import type { PostgresTransactions } from '../../../src/stores/postgres/index.ts';
import { adapterSuite } from '../../../src/testing/index.ts';
import { onEveryAdapter } from '../../adapters/apps/every-adapter.ts';
import { startNode } from '../../adapters/apps/node.ts';
import { isSelected } from '../../servers/selected.ts';
import { type JsTx, type PgTx, pgClient, postgresJsClient, type TestClient } from './clients.ts';
import { type TestDatabase, testDatabase } from './database.ts';

/** A database of the tests of one client, emptied for each. */
function suiteOn<Tx>(connect: (url: string) => TestClient<Tx>) {
  let database: TestDatabase;
  let client: TestClient<Tx>;

  beforeAll(async () => {
    database = await testDatabase();
    client = connect(database.server.url);
  });

  afterAll(async () => {
    await client.close();
    await database.stop();
  });

  return {
    describe,
    it,
    transactions: true,
    createStore: async () => {
      await database.clear();
      return { store: client.store({}), transactions: { write: client.write, written: database.effects } };
    },
  };
}

describe.runIf(isSelected('postgres'))('pg', () => {
  onEveryAdapter<PostgresTransactions<PgTx>>('postgres', suiteOn(pgClient));
});

describe.runIf(isSelected('postgres'))('postgres.js', () => {
  adapterSuite<PostgresTransactions<JsTx>>({ ...suiteOn(postgresJsClient), start: startNode });
});
