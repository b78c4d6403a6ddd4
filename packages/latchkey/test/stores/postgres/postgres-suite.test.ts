import { afterAll, beforeAll, describe, it } from 'vitest';
import type { PostgresTransactions } from '../../../src/stores/postgres/index.ts';
import { manualRuntime, type StoreSetup, type StoreUnderTest, storeSuite } from '../../../src/testing/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { type JsTx, type PgTx, pgClient, postgresJsClient, type TestClient } from './clients.ts';
import { movedPath, type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;
let pgUser: TestClient<PgTx>;
let jsUser: TestClient<JsTx>;

async function create<Tx>(
  client: TestClient<Tx>,
  { maxResultBytes }: StoreSetup,
): Promise<StoreUnderTest<PostgresTransactions<Tx>>> {
  await database.clear();
  // All clocks are manual, including the server's, so that no lease lapses on a busy machine.
  await database.freeze(Date.now());
  return {
    store: client.store({ maxResultBytes, runtime: manualRuntime() }),
    advance: database.advance,
    transactions: { write: client.write, written: database.effects },
  };
}

describe.runIf(isSelected('postgres'))('postgres store', () => {
  beforeAll(async () => {
    database = await testDatabase();
    pgUser = pgClient(database.server.url, movedPath);
    jsUser = postgresJsClient(database.server.url, movedPath);
  });

  afterAll(async () => {
    await Promise.all([pgUser.close(), jsUser.close()]);
    await database.stop();
  });

  const capabilities = ['operator', 'transaction', 'watch', 'outbox'] as const;

  describe('on pg', () => {
    const options = { describe, it, capabilities, create: (setup: StoreSetup) => create(pgUser, setup) };
    storeSuite<PostgresTransactions<PgTx>>(options);
  });

  describe('on postgres.js', () => {
    const options = { describe, it, capabilities, create: (setup: StoreSetup) => create(jsUser, setup) };
    storeSuite<PostgresTransactions<JsTx>>(options);
  });
});
