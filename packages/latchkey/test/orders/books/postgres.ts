import pg from 'pg';
import { dispatcher } from '../../../src/outbox/dispatcher.ts';
import { migrate, type PostgresTransactions, postgresStore } from '../../../src/stores/postgres/index.ts';
import { type Books, declined, mailed, mailing, type Place, pay, placed, type Shop } from './shop.ts';

type Kind = PostgresTransactions<pg.PoolClient>;

const schema = `
  CREATE TABLE stock (reserved integer NOT NULL);
  INSERT INTO stock VALUES (0);
  CREATE TABLE orders (id text NOT NULL, charge text NOT NULL);
  CREATE TABLE mails (message text PRIMARY KEY, id text NOT NULL);
`;

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => {});
  return pool;
}

export async function preparePostgres(url: string): Promise<void> {
  const pool = openPool(url);
  await migrate(pool);
  await pool.query(schema);
  await pool.end();
}

export function postgresShop(url: string, provider: string): Shop<Kind> {
  const pool = openPool(url);
  const store = postgresStore({ client: pool });
  const reserve = (by: number) => async (tx: pg.PoolClient) => {
    await tx.query('UPDATE stock SET reserved = reserved + $1', [by]);
  };
  const place: Place<Kind> = async (order, context) => {
    await context.transaction('reserve', reserve(1));
    const charge = await pay(order, context, provider);
    if (charge === undefined) {
      return context.finish(async (tx) => {
        await reserve(-1)(tx);
        return declined(order);
      });
    }
    await context.transaction('write', async (tx) => {
      await tx.query('INSERT INTO orders VALUES ($1, $2)', [order.id, charge]);
    });
    return context.finish(async (tx) => {
      await context.enqueue(tx, 'mail', order.id);
      return placed(order, charge);
    });
  };
  const mails = dispatcher({
    ...mailing,
    store,
    deliver: async ({ id, payload }) => {
      await pool.query('INSERT INTO mails VALUES ($1, $2) ON CONFLICT DO NOTHING', [id, mailed(payload)]);
    },
  });
  return {
    store,
    place,
    close: async () => {
      await mails.close();
      await store.close();
      await pool.end();
    },
  };
}

export async function postgresBooks(url: string): Promise<Books> {
  const pool = openPool(url);
  const orders = await pool.query<{ order: string; charge: string }>('SELECT id AS "order", charge FROM orders');
  const stock = await pool.query<{ reserved: number }>('SELECT reserved FROM stock');
  const mails = await pool.query<{ id: string }>('SELECT id FROM mails');
  await pool.end();
  return { orders: orders.rows, reserved: stock.rows[0]?.reserved ?? 0, mails: mails.rows.map(({ id }) => id) };
}
