import { migrate } from 'latchkey/postgres';
import pg from 'pg';
import { startPostgres } from '../../packages/latchkey/test/servers/postgres-server.ts';
import type { Backing } from './backing.ts';

const counted = `
SELECT coalesce(sum(calls), 0)::int AS calls,
  coalesce(sum(calls) FILTER (WHERE query ~* '^(begin|commit|rollback|start)'), 0)::int AS transactions
FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'`;

/** PostgreSQL with its default durability. */
export async function postgresBacking(): Promise<Backing> {
  const server = await startPostgres(['fsync=on']);
  const own = new pg.Pool({ connectionString: server.url, max: 1 });
  await migrate(own);
  await own.query('CREATE EXTENSION pg_stat_statements');
  return {
    engines: { postgresUrl: server.url },
    clear: async () => {
      await own.query('TRUNCATE latchkey_records');
    },
    commandsDuring: async (act) => {
      await own.query('SELECT pg_stat_statements_reset()');
      await act();
      const { rows } = await own.query<{ calls: number; transactions: number }>(counted);
      if (rows[0]?.transactions !== 0) throw new Error('A statement opened or ended a transaction.');
      return rows[0].calls;
    },
    stop: async () => {
      await own.end();
      await server.stop();
    },
  };
}
