/**
 * The bridge to Knex, on its `pg` client.
 *
 * @module
 */

import type { PostgresBridge } from './bridge.ts';
import { splitAtPlaceholders } from './placeholders.ts';

/** The members of a `Knex.Transaction` that are used. */
export interface KnexTransaction {
  raw(sql: string, bindings: never[]): PromiseLike<unknown>;
}

/** The members of a `Knex` that are used. */
export interface KnexDatabase<Tx extends KnexTransaction> extends KnexTransaction {
  transaction(scope: (tx: Tx) => Promise<unknown>): Promise<unknown>;
}

/**
 * Creates a bridge to Knex. Handlers get a `Knex.Transaction`: `transaction` on it nests as a savepoint. The database
 * refuses an early commit and rolls everything back.
 *
 * @example
 * ```ts
 * const store = postgresStore({ client: knexBridge(knex({ client: 'pg', connection })) })
 * ```
 */
export function knexBridge<Tx extends KnexTransaction>(db: KnexDatabase<Tx>): PostgresBridge<Tx> {
  return {
    begin: async <T>(fn: (tx: Tx) => Promise<T>) => {
      const boxed = await db.transaction(async (tx) => ({ result: await fn(tx) }));
      return (boxed as { readonly result: T }).result;
    },
    query: async (tx, text, values) => {
      const { parts, values: bindings } = splitAtPlaceholders(text, values);
      const answer = await (tx ?? db).raw(parts.join('?'), bindings as never[]);
      return rowsOf(answer);
    },
  };
}

/** Knex passes on the result of `pg`. */
function rowsOf(answer: unknown): readonly object[] {
  const rows: unknown = Reflect.get(Object(answer), 'rows');
  return Array.isArray(rows) ? rows.map(Object) : [];
}
