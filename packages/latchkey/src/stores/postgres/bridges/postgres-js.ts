/**
 * The bridge to `postgres` (postgres.js).
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import { systemRuntime, type Timers } from '../../../core/runtime.ts';
import type { PostgresBridge } from './bridge.ts';

/** A query of postgres.js on its way. */
interface PostgresJsQuery extends PromiseLike<readonly object[]> {
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
  /** What bounds the waiting. */
  readonly timers?: Timers;
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
  const { connectTimeoutMs = 5_000, prepare = false, timers = systemRuntime.timers } = options;
  const broken = new WeakSet<PostgresJsTransaction>();
  return {
    begin: (fn) => inTransaction(sql, broken, fn),
    query: (tx, text, values) => {
      const on: PostgresJsTransaction = (tx as PostgresJsTransaction | undefined) ?? sql;
      if (broken.has(on))
        return Promise.reject(new StoreUnavailableError('The connection of the transaction was lost.'));
      const query = on.unsafe(text, values as never[], { prepare });
      return tx === undefined ? startedWithin(query, connectTimeoutMs, timers) : Promise.resolve(query);
    },
    listen: async (channel, heard) => {
      const { unlisten } = await sql.listen(channel, heard);
      return unlisten;
    },
  };
}

/**
 * Opens a transaction. When its connection breaks, `begin` rejects while the function still runs; postgres.js 3 ends
 * the process if anything is written to such a connection, its own ROLLBACK too. So nothing is written by us, and the
 * end of the function is kept from it.
 */
async function inTransaction<Sql extends PostgresJsSql, T>(
  sql: Sql,
  broken: WeakSet<PostgresJsTransaction>,
  fn: (tx: TransactionOf<Sql>) => Promise<T>,
): Promise<T> {
  let current: PostgresJsTransaction | undefined;
  const guarded = (tx: PostgresJsTransaction) => {
    current = tx;
    return new Promise<{ readonly result: T }>((resolve, reject) => {
      const unlessBroken = (settle: () => void) => {
        if (!broken.has(tx)) settle();
      };
      fn(tx as TransactionOf<Sql>).then(
        // Boxed, since postgres.js awaits the members of an array.
        (result) => unlessBroken(() => resolve({ result })),
        (error: unknown) => unlessBroken(() => reject(error)),
      );
    });
  };
  try {
    return ((await sql.begin(guarded)) as { readonly result: T }).result;
  } catch (error) {
    if (current !== undefined) broken.add(current);
    throw error;
  }
}

/** A query that still waits for a connection when the time is over is taken back. */
async function startedWithin(query: PostgresJsQuery, limitMs: number, timers: Timers): Promise<readonly object[]> {
  let late = false;
  const timer = timers.set(() => {
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
    timers.clear(timer);
  }
}
