/** Real servers whose clocks a test steps, each with a store on it. */

import pg from 'pg';
import type { OperatorStore } from '../../../src/core/store.ts';
import * as mariadb from '../../../src/stores/mariadb/index.ts';
import * as postgres from '../../../src/stores/postgres/index.ts';
import { storeFromUrl } from '../../../src/stores/store-from-url/index.ts';
import { startMariadb } from '../../servers/mariadb-server.ts';
import { startPostgres } from '../../servers/postgres-server.ts';
import { startRedis } from '../../servers/redis-server.ts';
import { type SteppedClock, steppedClock } from '../../servers/stepped-clock.ts';
import { adminPool } from '../mariadb/pools.ts';

export interface SteppedServer {
  readonly store: OperatorStore;
  step(ms: number): Promise<void>;
  stop(): Promise<void>;
}

interface Started {
  readonly url: string;
  stop(): Promise<void>;
}

async function redisServer({ env }: SteppedClock): Promise<Started> {
  const server = await startRedis([], [], env);
  return { url: `redis://127.0.0.1:${server.port}`, stop: server.stop };
}

async function postgresServer({ env }: SteppedClock): Promise<Started> {
  const server = await startPostgres([], env);
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  await postgres.migrate(admin);
  await admin.end();
  return { url: server.url, stop: server.stop };
}

async function mariadbServer({ env }: SteppedClock): Promise<Started> {
  const server = await startMariadb([], env);
  const admin = adminPool(server, 1);
  await mariadb.migrate(admin);
  await admin.end();
  return { url: `mariadb://root@127.0.0.1:${server.port}/${server.admin.database}`, stop: server.stop };
}

const servers = { redis: redisServer, postgres: postgresServer, mariadb: mariadbServer };

export const steppable = Object.keys(servers) as readonly (keyof typeof servers)[];

export async function startStepped(name: keyof typeof servers): Promise<SteppedServer> {
  const clock = await steppedClock();
  const { url, stop } = await servers[name](clock);
  const store = await storeFromUrl(url);
  return {
    store,
    step: clock.step,
    stop: async () => {
      await store.close();
      await stop();
      await clock.remove();
    },
  };
}
