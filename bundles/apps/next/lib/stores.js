// A store of each kind with a server or a file, at the addresses in the environment.

import { Redis } from 'ioredis';
import { mariadbStore, migrate as migrateMariadb } from 'latchkey/mariadb';
import { migrate as migratePostgres, postgresStore } from 'latchkey/postgres';
import { redisStore } from 'latchkey/redis';
import { sqliteStore } from 'latchkey/sqlite';
import { createPool } from 'mysql2/promise';
import pg from 'pg';

/** Each is created at its first request, since `next build` has no servers. */
export const makeStore = {
  sqlite: async () => sqliteStore({ database: process.env.SQLITE_FILE }),
  redis: async () => {
    const client = new Redis(process.env.REDIS_URL, { enableOfflineQueue: false, lazyConnect: true });
    await client.connect();
    return redisStore({ client });
  },
  postgres: async () => {
    const client = new pg.Pool({ connectionString: process.env.POSTGRES_URL });
    await migratePostgres(client);
    return postgresStore({ client });
  },
  mariadb: async () => {
    const client = createPool(process.env.MARIADB_URL);
    await migrateMariadb(client);
    return mariadbStore({ client });
  },
};
