/**
 * The type of a store's transactions.
 *
 * @module
 */

/** The transactions of a store: the handle that a function gets, and whether the function must be synchronous. */
export interface TransactionKind {
  readonly handle: unknown;
  readonly mode: 'sync' | 'async';
}
