// A form for each action, with a random key.

import { IdempotencyField } from 'latchkey/next';
import { date, fail, look, placeOrder, restock, withoutSecret } from '../../../lib/actions.js';

const actions = { date, fail, look, placeOrder, restock, withoutSecret };

export default async function Page({ params }) {
  return (
    <form action={actions[(await params).action]}>
      <IdempotencyField />
      <input name="item" />
      <button type="submit">Order</button>
    </form>
  );
}
