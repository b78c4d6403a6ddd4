import { createConnection, createPool } from 'mysql2/promise';
import pg from 'pg';
import { tableDefinition } from '../../src/stores/dynamodb/index.ts';
import type { migrate as migrateMariadb } from '../../src/stores/mariadb/index.ts';
import type { migrate as migratePostgres } from '../../src/stores/postgres/index.ts';
import { startDynamodb } from '../servers/dynamodb-local.ts';
import { startMariadb } from '../servers/mariadb-server.ts';
import { startPostgres } from '../servers/postgres-server.ts';
import { startRedis } from '../servers/redis-server.ts';
import { temporaryFolder } from '../stores/sqlite/handles.ts';
import type { Kind } from './places.ts';
import { type Release, storeModule } from './releases.ts';

/** A server, or a folder of files. */
export interface Server {
  /** Creates an empty database where stores of several releases can meet, and returns its address. */
  database(name: string): Promise<string>;
  stop(): Promise<void>;
}

async function files(): Promise<Server> {
  const folder = await temporaryFolder();
  return { database: async (name) => folder.path(`${name}.db`), stop: folder.remove };
}

async function redis(): Promise<Server> {
  const server = await startRedis();
  let databases = 0;
  const database = async () => `redis://127.0.0.1:${server.port}/${databases++}`;
  return { database, stop: () => server.stop() };
}

async function postgres(): Promise<Server> {
  const server = await startPostgres();
  const database = async (name: string) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return new URL(name, server.url).href;
  };
  return { database, stop: () => server.stop() };
}

async function mariadb(): Promise<Server> {
  const server = await startMariadb();
  const database = async (name: string) => {
    const connection = await createConnection(server.admin);
    await connection.query(`CREATE DATABASE ${name}`);
    await connection.end();
    return `mysql://${server.admin.user}@${server.admin.host}:${server.port}/${name}`;
  };
  return { database, stop: () => server.stop() };
}

async function dynamodb(): Promise<Server> {
  const server = await startDynamodb();
  const database = async (table: string) => {
    const client = server.client();
    await client.createTable(tableDefinition({ table }).create);
    client.destroy();
    return `${server.port}/${table}`;
  };
  return { database, stop: () => server.stop() };
}

/** Starts what a kind of store needs. */
export const servers: Readonly<Record<Kind, () => Promise<Server>>> = {
  sqlite: files,
  encrypted: files,
  redis,
  postgres,
  mariadb,
  dynamodb,
};

/** Migrates a database as a release does it: the first one creates the tables. Other stores need no migration. */
export async function migrate(release: Release, kind: Kind, address: string): Promise<void> {
  if (kind === 'postgres') {
    const pool = new pg.Pool({ connectionString: address, max: 2 });
    const stores = await storeModule<{ migrate: typeof migratePostgres }>(release, kind);
    await stores.migrate(pool).finally(() => pool.end());
  }
  if (kind === 'mariadb') {
    const pool = createPool({ uri: address, connectionLimit: 2 });
    const stores = await storeModule<{ migrate: typeof migrateMariadb }>(release, kind);
    await stores.migrate(pool).finally(() => pool.end());
  }
}
