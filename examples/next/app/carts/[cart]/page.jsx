import { IdempotencyField } from 'latchkey/next';
import { placeOrder } from '../../actions.js';

export default async ({ params }) => (
  <form action={placeOrder}>
    <IdempotencyField intent={(await params).cart} />
    <input name="item" defaultValue="lamp" />
    <button type="submit">Order</button>
  </form>
);
