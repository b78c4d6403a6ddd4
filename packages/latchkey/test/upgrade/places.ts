import type { OperatorStore, TransactionKind } from '../../src/core/store.ts';
import { type Release, storeModule } from './releases.ts';

/** A store of any kind. */
export type AnyStore = OperatorStore<TransactionKind>;

/** A store, and the way to close it and its client. */
export interface Connected {
  readonly store: AnyStore;
  end(): Promise<void>;
}

type Connect = (release: Release, address: string) => Promise<Connected>;

/** Clients are loaded on demand, since a process needs one, and the largest takes seconds. */
const clients = {
  ioredis: () => import('ioredis'),
  mysql2: () => import('mysql2/promise'),
  pg: () => import('pg'),
  aws: () => import('../servers/dynamodb-local.ts'),
};

/** The store functions have different options; each creates a store. */
type Make<Name extends string> = Readonly<Record<Name, (options: object) => AnyStore>>;

/** The encryption key of all releases. */
const sealing = { currentKey: 'k', keys: { k: new Uint8Array(32).fill(7) } };

const sqlite: Connect = async (release, database) => {
  const { sqliteStore } = await storeModule<Make<'sqliteStore'>>(release, 'sqlite');
  const store = sqliteStore({ database, lockTimeoutMs: 30_000 });
  return { store, end: () => store.close() };
};

const encrypted: Connect = async (release, database) => {
  const { store, end } = await sqlite(release, database);
  const { encryptedStore } = await storeModule<{
    encryptedStore(store: AnyStore, options: object): AnyStore;
  }>(release, 'encrypted');
  return { store: encryptedStore(store, sealing), end };
};

const redis: Connect = async (release, url) => {
  const { redisStore } = await storeModule<Make<'redisStore'>>(release, 'redis');
  const { Redis } = await clients.ioredis();
  const client = new Redis(url, { enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  const store = redisStore({ client });
  const end = async () => {
    await store.close();
    client.disconnect();
  };
  return { store, end };
};

const postgres: Connect = async (release, connectionString) => {
  const { postgresStore } = await storeModule<Make<'postgresStore'>>(release, 'postgres');
  const { default: pg } = await clients.pg();
  const pool = new pg.Pool({ connectionString, max: 8 });
  pool.on('error', () => {});
  const store = postgresStore({ client: pool, sweep: false, listen: false });
  const end = async () => {
    await store.close();
    await pool.end();
  };
  return { store, end };
};

const mariadb: Connect = async (release, url) => {
  const { mariadbStore } = await storeModule<Make<'mariadbStore'>>(release, 'mariadb');
  const { createPool } = await clients.mysql2();
  const pool = createPool(url);
  const store = mariadbStore({ client: pool, sweep: false });
  const end = async () => {
    await store.close();
    await pool.end();
  };
  return { store, end };
};

const dynamodb: Connect = async (release, address) => {
  const [port, table] = address.split('/');
  const { dynamodbStore } = await storeModule<Make<'dynamodbStore'>>(release, 'dynamodb');
  const { clientOf } = await clients.aws();
  const client = clientOf(Number(port));
  const store = dynamodbStore({ client, table, clock: 'own' });
  const end = async () => {
    await store.close();
    client.destroy();
  };
  return { store, end };
};

/** Connects a release's store of each kind to an address: a file, a URL, or a port and a table. */
export const connections = { sqlite, encrypted, redis, postgres, mariadb, dynamodb };

/** A kind of store. */
export type Kind = keyof typeof connections;
