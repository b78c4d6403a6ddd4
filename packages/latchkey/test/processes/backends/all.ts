import type { StoreSettings } from '../children/settings.ts';
import type { Backend } from './backend.ts';
import { dynamodbBackend } from './dynamodb.ts';
import { mariadbBackend } from './mariadb.ts';
import { postgresBackend } from './postgres.ts';
import { redisBackend } from './redis.ts';
import { sqliteBackend } from './sqlite.ts';

/** Starts each store's server, with its tables. */
export const backends: Readonly<Record<StoreSettings['kind'], () => Promise<Backend>>> = {
  sqlite: sqliteBackend,
  postgres: postgresBackend,
  redis: redisBackend,
  mariadb: mariadbBackend,
  dynamodb: dynamodbBackend,
};
