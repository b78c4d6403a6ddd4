/**
 * What the store needs of a PostgreSQL client: running a statement, and opening a transaction.
 *
 * @module
 */

/** A value that the store binds to a placeholder. */
export type PostgresValue = string | number | boolean | null | Uint8Array;

/**
 * Lets the store use any client, so that an ORM opens its transactions itself: if the store opened one without the
 * ORM's knowledge, a nested transaction could commit it early.
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
   * Runs one statement with placeholders `$1`, `$2`… and returns its rows with columns by name: inside `tx`, or, if
   * that is undefined, on any connection.
   */
  query(tx: Tx | undefined, text: string, values: readonly PostgresValue[]): Promise<readonly object[]>;
  /**
   * Listens for notifications on a channel, if the client supports it; `lost` is called when the connection is lost.
   * Returns a function that stops it.
   */
  listen?(channel: string, heard: (payload: string) => void, lost: () => void): Promise<() => Promise<void>>;
}
