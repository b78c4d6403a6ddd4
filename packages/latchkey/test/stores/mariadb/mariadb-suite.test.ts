import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type MariadbTransactions, mariadbStore, migrate } from '../../../src/stores/mariadb/index.ts';
import { manualRuntime, type StoreSetup, type StoreUnderTest, storeSuite } from '../../../src/testing/index.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { adminPool, clockedPool, oddPool } from './pools.ts';

if (isSelected('mariadb')) {
  let server: MariadbServer;
  let promisePool: ReturnType<typeof adminPool>;
  let callbackPool: ReturnType<typeof oddPool>;

  beforeAll(async () => {
    server = await startMariadb();
    promisePool = adminPool(server);
    callbackPool = oddPool(server);
    await migrate(promisePool);
    await promisePool.query('CREATE TABLE effects (seq INT AUTO_INCREMENT PRIMARY KEY, effect TEXT)');
  });

  afterAll(async () => {
    await Promise.all([promisePool.end(), callbackPool.promise().end()]);
    await server.stop();
  });

  const create = async (
    pool: { getConnection(): Promise<PoolConnection> },
    { maxResultBytes }: StoreSetup,
  ): Promise<StoreUnderTest<MariadbTransactions<PoolConnection>>> => {
    await promisePool.query('DELETE FROM latchkey_records');
    await promisePool.query('DELETE FROM effects');
    const runtime = manualRuntime();
    return {
      store: mariadbStore({ client: clockedPool(pool, runtime), maxResultBytes }),
      advance: runtime.advance,
      transactions: {
        write: async (connection, text) => {
          await connection.query('INSERT INTO effects (effect) VALUES (?)', [text]);
        },
        written: async () => {
          const [rows] = await promisePool.query<(RowDataPacket & { effect: string })[]>(
            'SELECT effect FROM effects ORDER BY seq',
          );
          return rows.map(({ effect }) => effect);
        },
      },
    };
  };

  const pools = {
    'mysql2/promise': () => promisePool,
    'a callback pool of mysql2 with odd settings': () => callbackPool.promise(),
  };

  for (const [name, pool] of Object.entries(pools)) {
    describe(`mariadb store on ${name}`, () => {
      storeSuite<MariadbTransactions<PoolConnection>>({
        describe,
        it,
        capabilities: ['transaction'],
        create: (setup) => create(pool(), setup),
      });
    });
  }
}
