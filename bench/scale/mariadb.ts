import { mariadbStore, migrate } from 'latchkey/mariadb';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import { startMariadb } from '../../packages/latchkey/test/servers/mariadb-server.ts';
import { pausableRuntime } from './pausable.ts';
import { copying, expiredAt, makeRecord, principalSeed, type Scaled, template } from './scaled.ts';

const digestOf = (number: string) =>
  `TRIM(TRAILING '=' FROM REPLACE(REPLACE(TO_BASE64(UNHEX(SHA2(${number}, 256))), '+', '-'), '/', '_'))`;

/** Rows per statement; more would hold a gigabyte in the undo log. */
const chunk = 100_000;

export async function scaledMariadb(): Promise<Scaled> {
  const server = await startMariadb(['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=1G']);
  const pool = createPool({ ...server.admin, connectionLimit: 4 });
  await migrate(pool);
  const sweeping = pausableRuntime();
  const store = mariadbStore({ client: pool, runtime: sweeping.runtime });
  await makeRecord(store, template);
  const [found] = await pool.query<RowDataPacket[]>('SHOW COLUMNS FROM latchkey_records');
  const columns = found.map((column) => String(column['Field'])).filter((column) => column !== 'seq');
  return {
    store,
    pauseSweeping: sweeping.pause,
    fill: async (from, to, expired = false) => {
      const changed = {
        id: digestOf('n.seq'),
        principal: digestOf(principalSeed('n.seq')),
        ...(expired && { expires: String(expiredAt) }),
      };
      for (let start = from; start < to; start += chunk) {
        const source = `latchkey_records AS t, seq_${start}_to_${Math.min(start + chunk, to) - 1} AS n`;
        await pool.query(`${copying(columns, changed, source)} WHERE t.id = ${digestOf(String(template))}`);
      }
    },
    countExpired: async () => {
      const [rows] = await pool.query<RowDataPacket[]>(
        `SELECT count(*) AS found FROM latchkey_records WHERE state = 2 AND expires = ${expiredAt}`,
      );
      return Number(rows[0]?.['found']);
    },
    stop: async () => {
      await store.close();
      await pool.end();
      await server.stop();
    },
  };
}
