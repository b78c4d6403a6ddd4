import { idempotency } from 'latchkey/next';
import { currentBuyer, insertOrder, options } from '../../shop.js';

const guard = idempotency({ ...options, key: { required: true } });

export const POST = guard(async (request) => {
  const { item } = await request.json();
  const buyer = await currentBuyer();
  return guard.context(request).finish((db) => ({ status: 201, body: { id: insertOrder(db, buyer, item), item } }));
});
