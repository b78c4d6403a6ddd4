/**
 * The few methods of mysql2 that the store calls.
 *
 * @module
 */

import type { MariadbValue } from './statements.ts';

/** What a call of `execute` is given; what it says outdoes the settings of the pool. */
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
export interface MariadbPool<Connection extends MariadbConnection = MariadbConnection> {
  getConnection(): Promise<Connection>;
}

/** A callback pool of `mysql2`, by the methods that are called. */
export interface MariadbCallbackPool<Connection extends MariadbConnection = MariadbConnection> {
  promise(): MariadbPool<Connection>;
}

/** Either pool. */
export type MariadbClient<Connection extends MariadbConnection = MariadbConnection> =
  | MariadbPool<Connection>
  | MariadbCallbackPool<Connection>;

/** The promise pool of either. */
export function promisePool<Connection extends MariadbConnection>(
  client: MariadbClient<Connection>,
): MariadbPool<Connection> {
  return 'promise' in client ? client.promise() : client;
}
