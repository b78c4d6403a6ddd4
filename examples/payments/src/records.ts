import type { DatabaseSync } from 'node:sqlite';
import type { Store } from 'latchkey';
import type { ExpressGuard } from 'latchkey/express';
import { type SqliteTransactions, sqliteStore } from 'latchkey/sqlite';

/** Transactions on the very database that holds the charges. */
type Transactions = SqliteTransactions<DatabaseSync>;

/** Where the records of all guards live. */
export type Records = Store<Transactions>;

/** A guard whose handlers can finish in one commit with their charges. */
export type Guard = ExpressGuard<Transactions>;

/** Puts the records beside the charges. */
export function openRecords(database: DatabaseSync): Records {
  return sqliteStore({ database });
}
