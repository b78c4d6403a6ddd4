/**
 * What the store asks of a PostgreSQL client: to run one statement, and to open a transaction.
 *
 * @module
 */

/** A value that the store binds to a placeholder. */
export type PostgresValue = string | number | boolean | null | Uint8Array;

/**
 * Lets the store use anybody's client, so that an ORM opens its transactions itself: one that was opened behind its
 * back can be committed early by a nested one.
 *
 * @typeParam Tx - the client's own type of an open transaction; handlers get it.
 * @example
 * ```ts
 * const bridge: PostgresBridge<MyTransaction> = {
 *   begin: (fn) => orm.inTransaction(fn),
 *   query: (tx, text, values) => (tx ?? orm).raw(text, values),
 * }
 * const store = postgresStore({ client: bridge })
 * ```
 */
export interface PostgresBridge<Tx> {
  /** Opens a transaction, commits it when `fn` resolves, rolls it back when it rejects, and rejects with the same. */
  begin<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs one statement with placeholders `$1`, `$2`… and gives its rows, with columns by name: inside `tx`, or, if
   * that is undefined, by itself on any connection.
   */
  query(tx: Tx | undefined, text: string, values: readonly PostgresValue[]): Promise<readonly object[]>;
  /**
   * Hears notices on a channel, if the client can; `lost` is called when it no longer does. Gives the way to stop.
   */
  listen?(channel: string, heard: (payload: string) => void, lost: () => void): Promise<() => Promise<void>>;
}
