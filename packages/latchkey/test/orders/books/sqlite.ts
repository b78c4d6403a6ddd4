import { DatabaseSync } from 'node:sqlite';
import { dispatcher } from '../../../src/outbox/dispatcher.ts';
import { type SqliteTransactions, sqliteStore } from '../../../src/stores/sqlite/index.ts';
import { type Books, declined, mailed, mailing, type Place, pay, placed, type Shop } from './shop.ts';

type Kind = SqliteTransactions<DatabaseSync>;

const schema = `
  CREATE TABLE IF NOT EXISTS stock (reserved INTEGER NOT NULL);
  INSERT INTO stock SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM stock);
  CREATE TABLE IF NOT EXISTS orders (id TEXT NOT NULL, charge TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS mails (message TEXT PRIMARY KEY, id TEXT NOT NULL);
`;

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(schema);
  return database;
}

export function sqliteShop(file: string, provider: string): Shop<Kind> {
  const database = openDatabase(file);
  const store = sqliteStore({ database });
  const reserve = (by: number) => (db: DatabaseSync) => {
    db.prepare('UPDATE stock SET reserved = reserved + ?').run(by);
  };
  const place: Place<Kind> = async (order, context) => {
    await context.transaction('reserve', reserve(1));
    const charge = await pay(order, context, provider);
    if (charge === undefined) {
      return context.finish((db) => {
        reserve(-1)(db);
        return declined(order);
      });
    }
    await context.transaction('write', (db) => {
      db.prepare('INSERT INTO orders VALUES (?, ?)').run(order.id, charge);
    });
    return context.finish((db) => {
      context.enqueue(db, 'mail', order.id);
      return placed(order, charge);
    });
  };
  const mails = dispatcher({
    ...mailing,
    store,
    deliver: ({ id, payload }) => {
      database.prepare('INSERT OR IGNORE INTO mails VALUES (?, ?)').run(id, mailed(payload));
    },
  });
  return {
    store,
    place,
    close: async () => {
      await mails.close();
      await store.close();
      database.close();
    },
  };
}

export async function sqliteBooks(file: string): Promise<Books> {
  const database = openDatabase(file);
  const all = (sql: string) => database.prepare(sql).all();
  const orders = all('SELECT * FROM orders').map((row) => ({
    order: String(row['id']),
    charge: String(row['charge']),
  }));
  const reserved = Number(all('SELECT reserved FROM stock')[0]?.['reserved']);
  const mails = all('SELECT id FROM mails').map((row) => String(row['id']));
  database.close();
  return { orders, reserved, mails };
}
