import pg from 'pg';
import postgres from 'postgres';
import type { Runtime } from '../../../../src/core/runtime.ts';
import type { AnyOperatorStore } from '../../../../src/core/store.ts';
import { postgresStore } from '../../../../src/stores/postgres/index.ts';
import { superuser } from '../../../servers/postgres-server.ts';
import type { OpenedStore } from '../opened-store.ts';

interface Settings {
  readonly client: 'pg' | 'postgres.js';
  readonly port: number;
  readonly pool: number;
}

const connectTimeoutMs = 3_000;

export function openPostgres(settings: Settings, runtime: Runtime): OpenedStore {
  const url = `postgres://${superuser}@127.0.0.1:${settings.port}/postgres`;
  return settings.client === 'pg' ? openPg(url, settings.pool, runtime) : openPostgresJs(url, settings.pool, runtime);
}

function openPg(connectionString: string, max: number, runtime: Runtime): OpenedStore {
  const client = new pg.Pool({ connectionString, max, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => {});
  return {
    store: postgresStore({ client, runtime, connectTimeoutMs }) as AnyOperatorStore,
    write: async (handle, effect) => {
      await (handle as pg.PoolClient).query('INSERT INTO effects (effect) VALUES ($1)', [effect]);
    },
    waits: true,
  };
}

function openPostgresJs(url: string, max: number, runtime: Runtime): OpenedStore {
  const client = postgres(url, { max, prepare: false, onnotice: () => {}, connect_timeout: connectTimeoutMs / 1000 });
  return {
    store: postgresStore({ client, runtime, connectTimeoutMs }) as AnyOperatorStore,
    write: async (handle, effect) => {
      await (handle as postgres.TransactionSql)`INSERT INTO effects (effect) VALUES (${effect})`;
    },
    waits: true,
  };
}
