import type { Pool, RowDataPacket } from 'mysql2/promise';
import { migrate } from '../../../src/stores/mariadb/index.ts';
import { type MariadbServer, startMariadb } from '../../servers/mariadb-server.ts';
import { adminPool } from './pools.ts';

/** A server with the store's tables and one for effects, and the administrator's pool. */
export interface TestDatabase {
  readonly server: MariadbServer;
  readonly pool: Pool;
  /** Empties the tables. */
  clear(): Promise<void>;
  /** The effects, in the order in which they were written. */
  effects(): Promise<readonly string[]>;
  /** A counter of the server, such as `Com_stmt_execute`. */
  status(name: string): Promise<number>;
  stop(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = await startMariadb();
  const pool = adminPool(server);
  await migrate(pool);
  await pool.query('CREATE TABLE effects (seq INT AUTO_INCREMENT PRIMARY KEY, effect VARCHAR(100) NOT NULL)');
  return {
    server,
    pool,
    clear: async () => {
      await pool.query('DELETE FROM latchkey_records');
      await pool.query('DELETE FROM latchkey_outbox');
      await pool.query('DELETE FROM effects');
    },
    effects: async () => {
      const [rows] = await pool.query<RowDataPacket[]>('SELECT effect FROM effects ORDER BY seq');
      return rows.map((row) => String(row['effect']));
    },
    status: async (name) => {
      const [rows] = await pool.query<RowDataPacket[]>('SHOW GLOBAL STATUS LIKE ?', [name]);
      return Number(rows[0]?.['Value']);
    },
    stop: async () => {
      await pool.end();
      await server.stop();
    },
  };
}
