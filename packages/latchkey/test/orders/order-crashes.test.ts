import { describe, expect, it } from 'vitest';
import { isSelected } from '../servers/selected.ts';
import { orderStores } from './backends.ts';
import type { Books } from './books/shop.ts';
import type { Told } from './customers.ts';
import { runOrderCrashes } from './order-crashes.ts';
import { violationsIn } from './verify.ts';

const seed = Number(process.env['ORDERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

// They mostly wait, so concurrently all take the time of one.
describe.concurrent('orders of four steps', () => {
  for (const store of orderStores.filter(isSelected)) {
    it(`are exactly once on ${store} while workers are killed and the provider fails (ORDERS_SEED=${seed})`, async ({
      expect,
    }) => {
      const report = await runOrderCrashes({ store, kills: 10, seed });
      expect(report.violations).toEqual([]);
      expect(report.orders).toBeGreaterThan(0);
    });
  }
});

describe('the check of the books', () => {
  const order = { id: 'o1', amount: 1 };
  const told: Told = { order, key: 'k', status: 201, body: '{"order":"o1","charge":"card_1"}', attempts: 1 };
  const books: Books = { orders: [{ order: 'o1', charge: 'card_1' }], reserved: 1, mails: ['o1'] };
  const charge = { id: 'card_1', idempotencyKey: 'x', amount: 1, currency: 'usd', reference: 'o1' };

  it('finds nothing if everything is correct', () => {
    expect(violationsIn([told], books, [charge])).toEqual([]);
  });

  it('finds a second charge, a second row, a lost row, a second mail, stock without an order, and unknown rows', () => {
    const second = { ...charge, id: 'card_2' };
    expect(violationsIn([told], books, [charge, second])).toHaveLength(1);
    expect(violationsIn([told], { ...books, orders: [...books.orders, ...books.orders] }, [charge])).toHaveLength(1);
    expect(violationsIn([told], { ...books, orders: [] }, [charge])).toHaveLength(1);
    expect(violationsIn([told], { ...books, mails: ['o1', 'o1'] }, [charge])).toHaveLength(1);
    expect(violationsIn([told], { ...books, reserved: 2 }, [charge])).toHaveLength(1);
    expect(violationsIn([told], books, [charge, { ...second, reference: 'o2' }])).toHaveLength(1);
    expect(violationsIn([{ ...told, status: 402 }], books, [charge]).length).toBeGreaterThan(0);
    expect(violationsIn([{ ...told, status: 500 }], books, [charge]).length).toBeGreaterThan(0);
  });
});
