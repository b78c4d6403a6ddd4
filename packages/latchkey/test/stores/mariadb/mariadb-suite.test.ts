import type { Pool, PoolConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type MariadbTransactions, mariadbStore } from '../../../src/stores/mariadb/index.ts';
import { manualRuntime, type StoreSetup, type StoreUnderTest, storeSuite } from '../../../src/testing/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { clockedPool, oddPool, writeEffect } from './pools.ts';

if (isSelected('mariadb')) {
  let database: TestDatabase;
  let odd: ReturnType<typeof oddPool>;

  beforeAll(async () => {
    database = await testDatabase();
    odd = oddPool(database.server);
  });

  afterAll(async () => {
    await odd.promise().end();
    await database.stop();
  });

  const create = async (
    pool: Pick<Pool, 'getConnection'>,
    { maxResultBytes }: StoreSetup,
  ): Promise<StoreUnderTest<MariadbTransactions<PoolConnection>>> => {
    await database.clear();
    const runtime = manualRuntime();
    return {
      store: mariadbStore({ client: clockedPool(pool, runtime), maxResultBytes }),
      advance: runtime.advance,
      transactions: { write: writeEffect, written: database.effects },
    };
  };

  const pools = {
    'mysql2/promise': () => database.pool,
    'a callback pool of mysql2 with odd settings': () => odd.promise(),
  };

  for (const [name, pool] of Object.entries(pools)) {
    describe(`mariadb store on ${name}`, () => {
      storeSuite<MariadbTransactions<PoolConnection>>({
        describe,
        it,
        capabilities: ['operator', 'transaction', 'outbox'],
        create: (setup) => create(pool(), setup),
      });
    });
  }
}
