/** Opens the store of a server process, loading only its client. */

import type { Runtime } from '../../../src/core/runtime.ts';
import type { OpenedStore } from './opened-store.ts';
import type { StoreSettings } from './settings.ts';

export async function openStore(settings: StoreSettings, runtime: Runtime): Promise<OpenedStore> {
  switch (settings.kind) {
    case 'sqlite':
      return (await import('./stores/sqlite.ts')).openSqlite(settings, runtime);
    case 'postgres':
      return (await import('./stores/postgres.ts')).openPostgres(settings, runtime);
    case 'mariadb':
      return (await import('./stores/mariadb.ts')).openMariadb(settings, runtime);
    case 'redis':
      return (await import('./stores/redis.ts')).openRedis(settings, runtime);
    case 'dynamodb':
      return (await import('./stores/dynamodb.ts')).openDynamodb(settings, runtime);
  }
}
