/**
 * What tells the transactions of one store from those of another.
 *
 * @module
 */

/** How a store's transactions look to a handler: the handle that it gets, and whether its function must be synchronous. */
export interface TransactionKind {
  readonly handle: unknown;
  readonly mode: 'sync' | 'async';
}
