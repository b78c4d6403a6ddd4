/**
 * The bridge to `postgres` (postgres.js).
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import type { PostgresBridge } from '../bridge.ts';

/** A query of postgres.js on its way. */
export interface PostgresJsQuery extends PromiseLike<readonly object[]> {
  cancel(): unknown;
}

/** The few members of a transaction's `sql` that are used. */
export interface PostgresJsTransaction {
  unsafe(text: string, values?: never[], options?: { prepare?: boolean }): PostgresJsQuery;
}

/** The few members of `sql` that are used. */
export interface PostgresJsSql extends PostgresJsTransaction {
  begin(fn: (sql: PostgresJsTransaction) => Promise<unknown>): Promise<unknown>;
  listen(channel: string, heard: (payload: string) => void): Promise<{ unlisten(): Promise<void> }>;
}

/** The type of the `sql` that a transaction's function gets; `begin` has a form with options too. */
export type TransactionOf<Sql extends PostgresJsSql> = Sql extends {
  begin: { (fn: (sql: infer Transaction) => never): unknown; (options: string, fn: never): unknown };
}
  ? Transaction
  : PostgresJsTransaction;

/** The settings of a bridge to postgres.js. */
export interface PostgresJsBridgeOptions {
  /** How long a call waits for a free connection, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Let the server keep each statement's plan, under a name, for each connection. It saves a round trip and work of
   * the server's, and does not work behind a PgBouncer in transaction mode before its version 1.21. Default false;
   * behind such a PgBouncer give `postgres` itself `prepare: false` too.
   */
  readonly prepare?: boolean;
}

/**
 * Makes a bridge to postgres.js. Handlers get the `sql` of a transaction: `sql.savepoint` nests, and a `COMMIT` of
 * their own is refused by the database, with everything rolled back.
 *
 * @example
 * ```ts
 * const store = postgresStore({ client: postgres(url, { prepare: false }) })
 * ```
 */
export function postgresJsBridge<Sql extends PostgresJsSql>(
  sql: Sql,
  options: PostgresJsBridgeOptions = {},
): PostgresBridge<TransactionOf<Sql>> {
  const { connectTimeoutMs = 5_000, prepare = false } = options;
  return {
    begin: async <T>(fn: (tx: TransactionOf<Sql>) => Promise<T>) => {
      // Its result is boxed, since postgres.js awaits the members of an array.
      const boxed = await sql.begin(async (tx) => ({ result: await fn(tx as TransactionOf<Sql>) }));
      return (boxed as { readonly result: T }).result;
    },
    query: (tx, text, values) => {
      const on: PostgresJsTransaction = (tx as PostgresJsTransaction | undefined) ?? sql;
      const query = on.unsafe(text, values as never[], { prepare });
      return tx === undefined ? startedWithin(query, connectTimeoutMs) : Promise.resolve(query);
    },
    listen: async (channel, heard) => {
      const { unlisten } = await sql.listen(channel, heard);
      return unlisten;
    },
  };
}

/** A query that still waits for a connection when the time is over is taken back. */
async function startedWithin(query: PostgresJsQuery, limitMs: number): Promise<readonly object[]> {
  let late = false;
  const timer = setTimeout(() => {
    if (Reflect.get(query, 'state') !== null) return;
    late = true;
    query.cancel();
  }, limitMs);
  try {
    return await query;
  } catch (error) {
    if (!late) throw error;
    throw new StoreUnavailableError(`No connection became free within ${limitMs} ms.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
