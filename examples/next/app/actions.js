'use server';

import { idempotentAction } from 'latchkey/next';
import { redirect } from 'next/navigation';
import { currentBuyer, insertOrder, options } from './shop.js';

export const placeOrder = idempotentAction.withContext(
  async (context, form) => {
    const buyer = await currentBuyer();
    // Order and step are one commit, so after a crash the next attempt resumes at redirect().
    const id = await context.transaction('order', (db) => insertOrder(db, buyer, String(form.get('item'))));
    redirect(`/orders/${id}`);
  },
  { ...options, name: 'place-order', intentSecret: process.env.INTENT_SECRET },
);
