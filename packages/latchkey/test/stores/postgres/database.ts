import pg from 'pg';
import { migrate, type TableNames } from '../../../src/stores/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../servers/postgres-server.ts';

/** A server with the store's tables, a table for effects, and a clock that a test can move. */
export interface TestDatabase {
  readonly server: PostgresServer;
  readonly admin: pg.Pool;
  /** Empties the tables. */
  clear(): Promise<void>;
  /** Moves the clock of stores on `movedPath`. */
  advance(ms: number): Promise<void>;
  /** Stops that clock. */
  freeze(atMs: number): Promise<void>;
  effects(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Sessions with this search path use the test's clock instead of the server's. */
export const movedPath = 'moved,pg_catalog,public';

const clock = `
CREATE SCHEMA moved;
CREATE TABLE moved.clock (at timestamptz, shift interval NOT NULL);
INSERT INTO moved.clock VALUES (NULL, '0');
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
  AS 'SELECT coalesce(at, pg_catalog.clock_timestamp()) + shift FROM moved.clock';
CREATE TABLE effects (seq serial PRIMARY KEY, effect text);
`;

export async function testDatabase(names: TableNames = {}, settings: readonly string[] = []): Promise<TestDatabase> {
  const server = await startPostgres(settings);
  const admin = new pg.Pool({ connectionString: server.url, max: 2 });
  admin.on('error', () => {});
  const stop = async () => {
    await admin.end();
    await server.stop();
  };
  try {
    await migrate(admin, names);
    await admin.query(clock);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    admin,
    clear: async () => {
      await admin.query(
        "DELETE FROM latchkey_records; DELETE FROM latchkey_outbox; DELETE FROM effects; UPDATE moved.clock SET at = NULL, shift = '0'",
      );
    },
    advance: async (ms) => {
      await admin.query("UPDATE moved.clock SET shift = shift + $1 * interval '1 ms'", [ms]);
    },
    freeze: async (atMs) => {
      await admin.query("UPDATE moved.clock SET at = to_timestamp($1::numeric / 1000), shift = '0'", [atMs]);
    },
    effects: async () => {
      const { rows } = await admin.query('SELECT effect FROM effects ORDER BY seq');
      return rows.map((row) => String(row.effect));
    },
    stop,
  };
}
