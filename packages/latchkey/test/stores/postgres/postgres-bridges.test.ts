import { afterAll, beforeAll, describe } from 'vitest';
import { isSelected } from '../../servers/selected.ts';
import { bridgeCases } from './bridge-cases.ts';
import { bridgeTests } from './bridge-tests.ts';
import { type TestDatabase, testDatabase } from './database.ts';

let database: TestDatabase;

describe.runIf(isSelected('postgres'))('transactions of a PostgreSQL store', () => {
  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.stop());

  for (const [name, openCase] of Object.entries(bridgeCases)) {
    describe(`on ${name}`, () => {
      openCase((open) =>
        bridgeTests(
          () => database,
          () => open(database.server.url),
        ),
      );
    });
  }
});
