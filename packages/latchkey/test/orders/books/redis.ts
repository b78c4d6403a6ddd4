import { Redis } from 'ioredis';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type Books, declined, type Place, pay, placed, type Shop } from './shop.ts';

async function connect(port: number): Promise<Redis> {
  const client = new Redis({ host: '127.0.0.1', port, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Redis has no transactions that a step could use, so each write can be repeated under the step's key. */
export async function redisShop(port: number, provider: string): Promise<Shop<never>> {
  const client = await connect(port);
  const store = redisStore({ client });
  const place: Place<never> = async (order, context) => {
    await context.step('reserve', ({ idempotencyKey }) => client.hset('reserved', idempotencyKey, order.id));
    const charge = await pay(order, context, provider);
    if (charge === undefined) {
      const reservation = context.idempotencyKey('reserve');
      await context.step('give back', () => client.hdel('reserved', reservation));
      return declined(order);
    }
    await context.step('write', ({ idempotencyKey }) =>
      client.hset('orders', idempotencyKey, JSON.stringify({ order: order.id, charge })),
    );
    await context.step('mail', ({ idempotencyKey }) => client.hset('mails', idempotencyKey, order.id));
    return placed(order, charge);
  };
  return {
    store,
    place,
    close: async () => {
      await store.close();
      client.disconnect();
    },
  };
}

export async function redisBooks(port: number): Promise<Books> {
  const client = await connect(port);
  const [orders, reserved, mails] = await Promise.all([
    client.hvals('orders'),
    client.hlen('reserved'),
    client.hvals('mails'),
  ]);
  client.disconnect();
  return { orders: orders.map((text) => JSON.parse(text)), reserved, mails };
}
