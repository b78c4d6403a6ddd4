import { createPool, type PoolConnection } from 'mysql2/promise';
import type { Runtime } from '../../../../src/core/runtime.ts';
import type { AnyOperatorStore } from '../../../../src/core/store.ts';
import { mariadbStore } from '../../../../src/stores/mariadb/index.ts';
import { writeEffect } from '../../../stores/mariadb/pools.ts';
import type { OpenedStore } from '../opened-store.ts';

interface Settings {
  readonly port: number;
  readonly pool: number;
}

export function openMariadb({ port, pool }: Settings, runtime: Runtime): OpenedStore {
  const where = { host: '127.0.0.1', port, user: 'root', database: 'shop' };
  const client = createPool({ ...where, connectionLimit: pool, connectTimeout: 3_000 });
  return {
    store: mariadbStore({ client, runtime, callTimeoutMs: 3_000 }) as AnyOperatorStore,
    write: (handle, effect) => writeEffect(handle as PoolConnection, effect),
    waits: true,
  };
}
