/**
 * The few methods of mysql2 that the store calls.
 *
 * @module
 */

import type { MariadbValue } from './statements.ts';

/** The options of a call of `execute`; they override the settings of the pool. */
export interface ExecuteOptions {
  sql: string;
  values: MariadbValue[];
  rowsAsArray: boolean;
  nestTables: false;
  typeCast(field: unknown, next: () => unknown): unknown;
  namedPlaceholders: boolean;
}

/** A connection of mysql2's promise pool, by the methods that are called. */
export interface MariadbConnection {
  execute(options: ExecuteOptions): Promise<unknown>;
  query(sql: string): Promise<unknown>;
  release(): void;
  destroy(): void;
}

/** A pool of `mysql2/promise`, by the methods that are called. */
export interface MariadbPool<Handle extends MariadbConnection = MariadbConnection> {
  getConnection(): Promise<Handle>;
}

/** A callback pool of `mysql2`, by the methods that are called. */
export interface MariadbCallbackPool<Handle extends MariadbConnection = MariadbConnection> {
  promise(): MariadbPool<Handle>;
}

/** Either pool. */
export type MariadbClient<Handle extends MariadbConnection = MariadbConnection> =
  | MariadbPool<Handle>
  | MariadbCallbackPool<Handle>;

/** The promise pool of either. */
export function promisePool<Handle extends MariadbConnection>(client: MariadbClient<Handle>): MariadbPool<Handle> {
  return 'promise' in client ? client.promise() : client;
}
