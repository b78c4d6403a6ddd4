/**
 * The bridge to Drizzle, on node-postgres or postgres.js.
 *
 * @module
 */

import type { PostgresBridge } from './bridge.ts';
import { splitAtPlaceholders } from './placeholders.ts';

/** The members of a Drizzle transaction that are used. */
export interface DrizzleTransaction {
  execute(query: never): PromiseLike<unknown>;
}

/** The members of a Drizzle database that are used. */
export interface DrizzleDatabase<Tx extends DrizzleTransaction> extends DrizzleTransaction {
  transaction(fn: (tx: Tx) => Promise<unknown>): Promise<unknown>;
}

/** Drizzle's own `sql`, with the two functions that are used. */
export interface DrizzleSql {
  raw(text: string): unknown;
  param(value: unknown): unknown;
  join(chunks: never[]): unknown;
}

/**
 * Creates a bridge to Drizzle. Handlers get the transaction's `tx`: `tx.transaction` nests as a savepoint. The
 * database refuses an early commit and rolls everything back.
 *
 * On `pg`, add `pool.on('connect', (client) => client.on('error', log))`. Otherwise a session that the server ends
 * during a transaction ends the process, since neither library listens for errors of a client in use.
 *
 * @param sql - Drizzle's `sql`.
 * @example
 * ```ts
 * import { sql } from 'drizzle-orm'
 * const store = postgresStore({ client: drizzleBridge(db, sql) })
 * ```
 */
export function drizzleBridge<Tx extends DrizzleTransaction>(
  db: DrizzleDatabase<Tx>,
  sql: DrizzleSql,
): PostgresBridge<Tx> {
  return {
    begin: async <T>(fn: (tx: Tx) => Promise<T>) => {
      const boxed = await db.transaction(async (tx) => ({ result: await fn(tx) }));
      return (boxed as { readonly result: T }).result;
    },
    query: async (tx, text, values) => {
      const { parts, values: bound } = splitAtPlaceholders(text, values);
      const chunks = parts.flatMap((part, index) => {
        const value = bound[index];
        return value === undefined ? [sql.raw(part)] : [sql.raw(part), sql.param(value)];
      });
      return rowsOf(await (tx ?? db).execute(sql.join(chunks as never[]) as never));
    },
  };
}

/** A result of node-postgres has rows; one of postgres.js is an array of rows. */
function rowsOf(answer: unknown): readonly object[] {
  const rows: unknown = Array.isArray(answer) ? answer : Reflect.get(Object(answer), 'rows');
  return Array.isArray(rows) ? rows.map(Object) : [];
}
