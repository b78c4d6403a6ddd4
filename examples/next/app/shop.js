import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from 'latchkey/sqlite';
import { cookies } from 'next/headers';

const database = new DatabaseSync(process.env.DATABASE ?? 'orders.db');
database.exec('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, buyer TEXT, item TEXT)');

export const currentBuyer = async () => (await cookies()).get('buyer')?.value; // your own authentication
export const options = { store: sqliteStore({ database }), principal: currentBuyer, afterFailure: 'rerun' };

export const insertOrder = (db, buyer, item) =>
  Number(db.prepare('INSERT INTO orders (buyer, item) VALUES (?, ?)').run(buyer, item).lastInsertRowid);
