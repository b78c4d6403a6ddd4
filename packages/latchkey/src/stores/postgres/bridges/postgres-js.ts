/**
 * The bridge to `postgres` (postgres.js).
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import { systemRuntime, type Timers } from '../../../core/runtime.ts';
import type { PostgresBridge } from './bridge.ts';

/** A pending query of postgres.js. */
export interface PostgresJsQuery extends PromiseLike<readonly object[]> {
  cancel(): unknown;
}

/** The members of a transaction's `sql` that are used. */
export interface PostgresJsTransaction {
  unsafe(text: string, values?: never[], options?: { prepare?: boolean }): PostgresJsQuery;
}

/** The members of `sql` that are used. */
export interface PostgresJsSql extends PostgresJsTransaction {
  begin(fn: (sql: PostgresJsTransaction) => Promise<unknown>): Promise<unknown>;
  listen(channel: string, heard: (payload: string) => void): Promise<{ unlisten(): Promise<void> }>;
}

/** The type of the `sql` that a transaction's function gets; `begin` also has a form with options. */
export type TransactionOf<Sql extends PostgresJsSql> = Sql extends {
  begin: { (fn: (sql: infer Transaction) => never): unknown; (options: string, fn: never): unknown };
}
  ? Transaction
  : PostgresJsTransaction;

/** The settings of a bridge to postgres.js. */
export interface PostgresJsBridgeOptions {
  /** Time limit for getting a free connection, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /**
   * Uses prepared statements, which save a round trip and planning. They do not work behind a PgBouncer before 1.21 in
   * transaction mode; there, also pass `prepare: false` to `postgres` itself. Default false.
   */
  readonly prepare?: boolean;
  /** The timers of the time limit. */
  readonly timers?: Timers;
}

/**
 * Creates a bridge to postgres.js. Handlers get the `sql` of a transaction: `sql.savepoint` nests, and if they run a
 * `COMMIT` themselves, the database refuses it and rolls everything back.
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
 * Opens a transaction. If its connection breaks, `begin` rejects while the function still runs. postgres.js 3 ends the
 * process if anything is written to such a connection, including its own ROLLBACK. So the bridge writes nothing there,
 * and does not let postgres.js see the end of the function.
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
        // Wrapped in an object, since postgres.js awaits the members of an array.
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

/** Cancels a query that still waits for a connection after the time limit. */
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
