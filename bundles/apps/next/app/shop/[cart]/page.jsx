// The form with an intent; the cart "none" has none.

import { IdempotencyField } from 'latchkey/next';
import { placeOrder } from '../../../lib/actions.js';

export default async function Page({ params }) {
  const { cart } = await params;
  return (
    <form action={placeOrder}>
      {cart === 'none' ? <IdempotencyField /> : <IdempotencyField intent={cart} />}
      <input name="item" defaultValue="slow" />
      <button type="submit">Order</button>
    </form>
  );
}
