import { type Pool as CallbackPool, createPool as createCallbackPool } from 'mysql2';
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import type { MariadbPool } from '../../../src/stores/mariadb/index.ts';
import type { ManualRuntime } from '../../../src/testing/index.ts';
import type { MariadbServer } from '../../servers/mariadb-server.ts';

/** The administrator's pool. */
export function adminPool(server: MariadbServer, connectionLimit = 10): Pool {
  return createPool({ ...server.admin, connectionLimit });
}

/** A callback pool of mysql2 with unfavourable settings. */
export function oddPool(server: MariadbServer): CallbackPool {
  return createCallbackPool({
    ...server.admin,
    connectionLimit: 10,
    rowsAsArray: true,
    namedPlaceholders: true,
    bigNumberStrings: true,
    supportBigNumbers: true,
    typeCast: (_, next) => String(next()),
    flags: ['-FOUND_ROWS'],
  });
}

/** A pool on whose connections the server's own clock shows the time of `runtime`. */
export function clockedPool(
  pool: { getConnection(): Promise<PoolConnection> },
  runtime: ManualRuntime,
): MariadbPool<PoolConnection> {
  return {
    getConnection: async () => {
      const connection = await pool.getConnection();
      await connection.query(`SET timestamp = ${runtime.clock.now() / 1000}`);
      return connection;
    },
  };
}

/** Writes an effect into the application's own table. */
export async function writeEffect(connection: Pick<PoolConnection, 'query'>, effect: string): Promise<void> {
  await connection.query('INSERT INTO effects (effect) VALUES (?)', [effect]);
}
