/**
 * The bridge to Knex, on its `pg` client.
 *
 * @module
 */

import type { PostgresBridge } from './bridge.ts';
import { splitAtPlaceholders } from './placeholders.ts';

/** The few members of a `Knex.Transaction` that are used. */
export interface KnexTransaction {
  raw(sql: string, bindings: never[]): PromiseLike<unknown>;
}

/** The few members of a `Knex` that are used. */
export interface KnexDatabase<Tx extends KnexTransaction> extends KnexTransaction {
  transaction(scope: (tx: Tx) => Promise<unknown>): Promise<unknown>;
}

/**
 * Makes a bridge to Knex. Handlers get a `Knex.Transaction`: `transaction` on it nests as a savepoint, and an early
 * commit is refused by the database, with everything rolled back.
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

/** Knex hands on what `pg` answers. */
function rowsOf(answer: unknown): readonly object[] {
  const rows: unknown = Reflect.get(Object(answer), 'rows');
  return Array.isArray(rows) ? rows.map(Object) : [];
}
