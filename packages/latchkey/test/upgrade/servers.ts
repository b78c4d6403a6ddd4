import { createPool } from 'mysql2/promise';
import pg from 'pg';
import { tableDefinition } from '../../src/stores/dynamodb/index.ts';
import { migrate as migrateMariadb } from '../../src/stores/mariadb/index.ts';
import { migrate as migratePostgres } from '../../src/stores/postgres/index.ts';
import { startDynamodb } from '../servers/dynamodb-local.ts';
import { startMariadb } from '../servers/mariadb-server.ts';
import { startPostgres } from '../servers/postgres-server.ts';
import { startRedis } from '../servers/redis-server.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import type { Kind } from './places.ts';
import { type Release, storeModule } from './releases.ts';

/** A place that stores of both releases share. */
export interface Place {
  readonly address: string;
  /** Applies the migrations of the new release; until then the tables are those of the former one. */
  migrate(): Promise<unknown>;
  stop(): Promise<void>;
}

type Start = (former: Release) => Promise<Place>;

async function file(): Promise<Place> {
  const folder = await temporaryFolder();
  return { address: folder.path('store.db'), migrate: async () => {}, stop: folder.remove };
}

async function redis(): Promise<Place> {
  const server = await startRedis();
  return { address: String(server.port), migrate: async () => {}, stop: () => server.stop() };
}

const postgres: Start = async (former) => {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url, max: 2 });
  const { migrate } = await storeModule<{ migrate: typeof migratePostgres }>(former, 'postgres');
  await migrate(pool);
  const stop = async () => {
    await pool.end();
    await server.stop();
  };
  return { address: server.url, migrate: () => migratePostgres(pool), stop };
};

const mariadb: Start = async (former) => {
  const server = await startMariadb();
  const pool = createPool({ ...server.admin, connectionLimit: 2 });
  const { migrate } = await storeModule<{ migrate: typeof migrateMariadb }>(former, 'mariadb');
  await migrate(pool);
  const stop = async () => {
    await pool.end();
    await server.stop();
  };
  return { address: String(server.port), migrate: () => migrateMariadb(pool), stop };
};

async function dynamodb(): Promise<Place> {
  const server = await startDynamodb();
  const client = server.client();
  await client.createTable(tableDefinition({ table: 'latchkey' }).create);
  client.destroy();
  return { address: String(server.port), migrate: async () => {}, stop: () => server.stop() };
}

/** Starts what a kind of store needs. */
export const places: Readonly<Record<Kind, Start>> = {
  sqlite: file,
  encrypted: file,
  redis,
  postgres,
  mariadb,
  dynamodb,
};
