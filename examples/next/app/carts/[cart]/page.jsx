import { IdempotencyField } from 'latchkey/next';
import { placeOrder } from '../../actions.js';

export default async function Cart({ params }) {
  const { cart } = await params;
  return (
    <form action={placeOrder}>
      <IdempotencyField intent={cart} action={placeOrder} />
      <input name="item" defaultValue="lamp" />
      <button type="submit">Order</button>
    </form>
  );
}
