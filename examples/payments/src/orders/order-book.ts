/** Orders and their stock, in the same database as the records. Every write finds an earlier write of its operation. */

import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** What is ordered, and by whom. `amount` is in cents. */
export interface OrderRequest {
  readonly account: string;
  readonly product: string;
  readonly quantity: number;
  readonly amount: number;
  readonly source: string;
}

/** An order in the API; `created` is in seconds. */
export interface PlacedOrder {
  readonly id: string;
  readonly object: 'order';
  readonly status: 'paid';
  readonly product: string;
  readonly quantity: number;
  readonly amount: number;
  readonly currency: 'usd';
  /** The charge at the card provider. */
  readonly charge: string;
  readonly created: number;
}

/** One page of orders, newest first. */
interface OrderPage {
  readonly orders: readonly PlacedOrder[];
  readonly hasMore: boolean;
}

/** The orders of all accounts; every query is for one account. */
export interface OrderBook {
  /** Reserves goods for an operation. Returns false if there are not enough. */
  reserve(operationId: string, product: string, quantity: number): boolean;
  /** Releases the goods that were reserved for an operation. */
  giveBack(operationId: string): void;
  /** Writes an order, unless this operation has already written it. */
  write(operationId: string, order: OrderRequest, charge: string): void;
  /** The order that an operation wrote. */
  written(operationId: string): PlacedOrder;
  /** Records that the mail with this id was sent. A real shop would call a mail service here. */
  mail(id: string, order: string): void;
  stockOf(product: string): number;
  find(account: string, id: string): PlacedOrder | undefined;
  /** Undefined if `startingAfter` is not an order of this account. */
  list(account: string, limit: number, startingAfter?: string): OrderPage | undefined;
}

const firstStock = 1_000;

const schema = `
  CREATE TABLE IF NOT EXISTS stock (product TEXT PRIMARY KEY, pieces INTEGER NOT NULL CHECK (pieces >= 0)) STRICT;
  CREATE TABLE IF NOT EXISTS reservations (
    operation_id TEXT PRIMARY KEY,
    product      TEXT NOT NULL,
    quantity     INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    account      TEXT NOT NULL,
    product      TEXT NOT NULL,
    quantity     INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    charge       TEXT NOT NULL,
    created      INTEGER NOT NULL,
    operation_id TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_account ON orders (account, number);
  CREATE TABLE IF NOT EXISTS mails (id TEXT PRIMARY KEY, order_id TEXT NOT NULL) STRICT;
`;

type Row = Record<string, unknown>;

function toOrder(row: Row): PlacedOrder {
  return {
    id: String(row['id']),
    object: 'order',
    status: 'paid',
    product: String(row['product']),
    quantity: Number(row['quantity']),
    amount: Number(row['amount']),
    currency: 'usd',
    charge: String(row['charge']),
    created: Number(row['created']),
  };
}

/** Opens the tables in `database`, and creates and fills them if they are missing. */
export function openOrderBook(database: DatabaseSync, products: readonly string[]): OrderBook {
  database.exec(schema);
  const filling = database.prepare('INSERT OR IGNORE INTO stock (product, pieces) VALUES (?, ?)');
  for (const product of products) filling.run(product, firstStock);
  return { ...stockIn(database), ...ordersIn(database) };
}

function stockIn(database: DatabaseSync): Pick<OrderBook, 'reserve' | 'giveBack' | 'stockOf'> {
  const reservation = database.prepare('SELECT product, quantity FROM reservations WHERE operation_id = ?');
  const taking = database.prepare('UPDATE stock SET pieces = pieces - ?1 WHERE product = ?2 AND pieces >= ?1');
  const reserving = database.prepare('INSERT INTO reservations (operation_id, product, quantity) VALUES (?, ?, ?)');
  const returning = database.prepare('UPDATE stock SET pieces = pieces + ? WHERE product = ?');
  const ending = database.prepare('DELETE FROM reservations WHERE operation_id = ?');
  const pieces = database.prepare('SELECT pieces FROM stock WHERE product = ?');
  return {
    reserve(operationId, product, quantity) {
      if (reservation.get(operationId) !== undefined) return true;
      if (taking.run(quantity, product).changes === 0) return false;
      reserving.run(operationId, product, quantity);
      return true;
    },
    giveBack(operationId) {
      const row = reservation.get(operationId);
      if (row === undefined) return;
      returning.run(Number(row['quantity']), String(row['product']));
      ending.run(operationId);
    },
    stockOf: (product) => Number(pieces.get(product)?.['pieces'] ?? 0),
  };
}

function ordersIn(database: DatabaseSync): Pick<OrderBook, 'write' | 'written' | 'mail' | 'find' | 'list'> {
  const insertion = database.prepare(
    `INSERT INTO orders (id, account, product, quantity, amount, charge, created, operation_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (operation_id) DO NOTHING`,
  );
  const byOperation = database.prepare('SELECT * FROM orders WHERE operation_id = ?');
  const byId = database.prepare('SELECT * FROM orders WHERE account = ? AND id = ?');
  const page = database.prepare('SELECT * FROM orders WHERE account = ? AND number < ? ORDER BY number DESC LIMIT ?');
  const mailing = database.prepare('INSERT OR IGNORE INTO mails (id, order_id) VALUES (?, ?)');
  return {
    write(operationId, { account, product, quantity, amount }, charge) {
      const id = `or_${randomUUID().replaceAll('-', '')}`;
      insertion.run(id, account, product, quantity, amount, charge, Math.floor(Date.now() / 1000), operationId);
    },
    written(operationId) {
      const row = byOperation.get(operationId);
      if (row === undefined) throw new Error('this operation has written no order');
      return toOrder(row);
    },
    mail: (id, order) => void mailing.run(id, order),
    find(account, id) {
      const row = byId.get(account, id);
      return row && toOrder(row);
    },
    list(account, limit, startingAfter) {
      const after = startingAfter === undefined ? undefined : byId.get(account, startingAfter);
      if (startingAfter !== undefined && after === undefined) return undefined;
      const rows = page.all(account, after ? Number(after['number']) : Number.MAX_SAFE_INTEGER, limit + 1);
      return { orders: rows.slice(0, limit).map(toOrder), hasMore: rows.length > limit };
    },
  };
}
