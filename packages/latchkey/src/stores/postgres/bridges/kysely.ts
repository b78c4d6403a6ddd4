/**
 * The bridge to Kysely, on any of its PostgreSQL dialects.
 *
 * @module
 */

import type { PostgresBridge, PostgresValue } from './bridge.ts';

/** A statement without compilation, from `CompiledQuery.raw`. */
export interface KyselyQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The members of a `ControlledTransaction` that are used. */
export interface KyselyTransaction {
  executeQuery(query: never): Promise<{ readonly rows: readonly unknown[] }>;
  commit(): { execute(): Promise<unknown> };
  rollback(): { execute(): Promise<unknown> };
}

/** The members of a `Kysely` that are used. */
export interface KyselyDatabase<Tx extends KyselyTransaction> {
  executeQuery(query: never): Promise<{ readonly rows: readonly unknown[] }>;
  startTransaction(): { execute(): Promise<Tx> };
}

/** Kysely's own `CompiledQuery`. */
export interface KyselyCompiler<Query extends KyselyQuery> {
  raw(sql: string, parameters?: unknown[]): Query;
}

/**
 * Creates a bridge to Kysely (0.28 or newer). Handlers get a `ControlledTransaction`: `savepoint` nests, and Kysely
 * refuses `transaction`. The database refuses an early `commit` and rolls everything back.
 *
 * On `pg`, add `pool.on('connect', (client) => client.on('error', log))`. Otherwise a session that the server ends
 * during a transaction ends the process, since neither library listens for errors of a client in use.
 *
 * @param compiler - Kysely's `CompiledQuery`.
 * @example
 * ```ts
 * import { CompiledQuery } from 'kysely'
 * const store = postgresStore({ client: kyselyBridge(db, CompiledQuery) })
 * ```
 */
export function kyselyBridge<Tx extends KyselyTransaction, Query extends KyselyQuery>(
  db: KyselyDatabase<Tx>,
  compiler: KyselyCompiler<Query>,
): PostgresBridge<Tx> {
  return {
    begin: async (fn) => ending(await db.startTransaction().execute(), fn),
    query: async (tx, text, values: readonly PostgresValue[]) => {
      const { rows } = await (tx ?? db).executeQuery(compiler.raw(text, [...values]) as never);
      return rows.map(Object);
    },
  };
}

async function ending<Tx extends KyselyTransaction, T>(tx: Tx, fn: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    const result = await fn(tx);
    await tx.commit().execute();
    return result;
  } catch (error) {
    // A transaction that has ended, or whose connection broke, needs no rollback.
    await Promise.resolve()
      .then(() => tx.rollback().execute())
      .catch(() => {});
    throw error;
  }
}
