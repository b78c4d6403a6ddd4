import { migrate, postgresStore } from 'latchkey/postgres';
import pg from 'pg';
import { startPostgres } from '../../packages/latchkey/test/servers/postgres-server.ts';
import { pausableRuntime } from './pausable.ts';
import { copying, expiredAt, makeRecord, principalSeed, type Scaled, template } from './scaled.ts';

const digestOf = (number: string) => `sha256((${number})::text::bytea)`;
const columnNames = "SELECT attname FROM pg_attribute WHERE attrelid = 'latchkey_records'::regclass AND attnum > 0";

export async function scaledPostgres(): Promise<Scaled> {
  const server = await startPostgres(['shared_buffers=1GB', 'max_wal_size=8GB']);
  const client = new pg.Pool({ connectionString: server.url, max: 4 });
  await migrate(client);
  const sweeping = pausableRuntime();
  const store = postgresStore({ client, listen: false, runtime: sweeping.runtime });
  await makeRecord(store, template);
  const columns = (await client.query<{ attname: string }>(columnNames)).rows.map(({ attname }) => attname);
  return {
    store,
    pauseSweeping: sweeping.pause,
    fill: async (from, to, expired = false) => {
      const changed = {
        id: digestOf('n'),
        principal: digestOf(principalSeed('n')),
        ...(expired && { expires: String(expiredAt) }),
      };
      const source = `latchkey_records AS t, generate_series(${from}, ${to - 1}) AS n`;
      await client.query(`${copying(columns, changed, source)} WHERE t.id = ${digestOf(String(template))}`);
      await client.query('VACUUM ANALYZE latchkey_records');
    },
    countExpired: async () => {
      const { rows } = await client.query<{ rows: string }>(
        `SELECT count(*) AS rows FROM latchkey_records WHERE state = 'completed' AND expires = ${expiredAt}`,
      );
      return Number(rows[0]?.rows);
    },
    stop: async () => {
      await store.close();
      await client.end();
      await server.stop();
    },
  };
}
