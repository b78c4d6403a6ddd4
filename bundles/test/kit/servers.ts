import { startMariadb } from '../../../packages/latchkey/test/servers/mariadb-server.ts';
import { startPostgres } from '../../../packages/latchkey/test/servers/postgres-server.ts';
import { startRedis } from '../../../packages/latchkey/test/servers/redis-server.ts';

/** Real servers, and the environment variables with their addresses. */
export interface Servers extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a server for each store that has one. */
export async function startServers(): Promise<Servers> {
  const [redis, postgres, mariadb] = await Promise.all([startRedis(), startPostgres(), startMariadb()]);
  const { host, port, user, database } = mariadb.admin;
  return {
    env: {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      POSTGRES_URL: postgres.url,
      MARIADB_URL: `mysql://${user}@${host}:${port}/${database}`,
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([redis.stop(), postgres.stop(), mariadb.stop()]);
    },
  };
}
