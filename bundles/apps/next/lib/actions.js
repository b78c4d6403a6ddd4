'use server';

import { idempotentAction } from 'latchkey/next';
import { revalidatePath, revalidateTag } from 'next/cache';
import { notFound, redirect } from 'next/navigation';
import { currentBuyer, order, store } from './shop.js';

const options = { store, principal: currentBuyer, intentSecret: 'a secret for the intents of a test' };
const itemOf = (form) => String(form.get('item'));

/** Sends the buyer to a receipt. */
export const placeOrder = idempotentAction(
  async (form) => {
    await order(itemOf(form));
    redirect(`/receipts/${crypto.randomUUID()}`);
  },
  { ...options, name: 'place-order' },
);

export const look = idempotentAction(
  async (form) => {
    await order(itemOf(form));
    notFound();
  },
  { ...options, name: 'look' },
);

/** Derives no keys from intents. */
export const withoutSecret = idempotentAction(async (form) => order(itemOf(form)), {
  store,
  principal: currentBuyer,
  name: 'without-secret',
});

/** Changes what two cached pages show, one by its path and one by its tag. */
export const restock = idempotentAction(
  async (form) => {
    await order(itemOf(form));
    revalidatePath('/stock');
    revalidateTag('prices', 'max');
  },
  { ...options, name: 'restock' },
);

export const fail = idempotentAction(
  async (form) => {
    await order(itemOf(form));
    throw new Error('The printer is on fire.');
  },
  { ...options, name: 'fail' },
);

/** Returns a value that JSON would change. */
export const date = idempotentAction(
  async (form) => {
    await order(itemOf(form));
    return { orders: [{ at: new Date(0) }] };
  },
  { ...options, name: 'date' },
);

/** An action of useActionState: an order without an item ends nothing. `paid` has saved a step before it fails. */
export const edit = idempotentAction.withContext(
  async (context, _state, form) => {
    const item = itemOf(form);
    if (item === 'paid') await context.step('charge', () => order('charge'));
    if (item === '' || item === 'paid') return { error: `"${item}" is no item.` };
    await order(item);
    return { done: `Ordered ${item}.` };
  },
  { ...options, name: 'edit', hasState: true, keep: (state) => state.error === undefined },
);
