import { badParameter } from '../api/stripe-error.ts';
import { maxQuantity, products } from '../shop/order.ts';
import type { OrderRequest } from './order-book.ts';

const known: readonly string[] = ['product', 'quantity', 'source'];
const sourcePattern = /^tok_[A-Za-z0-9_]{1,64}$/;

/**
 * Reads the parameters of a new order from a form or a JSON body. The amount is calculated here.
 *
 * @throws StripeError 400, naming the first parameter that is missing or bad.
 */
export function parseOrderParameters(body: unknown, account: string): OrderRequest {
  const parameters: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const stranger = Object.keys(parameters)
    .find((name) => !known.includes(name))
    ?.slice(0, 80);
  if (stranger !== undefined)
    throw badParameter(stranger, 'parameter_unknown', `An order has no parameter ${stranger}.`);
  const product = products.find(({ id }) => id === parameters['product']);
  if (product === undefined) {
    const names = products.map(({ id }) => id).join(', ');
    throw badParameter('product', 'resource_missing', `product must be one of ${names}.`);
  }
  const quantity = parseQuantity(parameters['quantity']);
  const source = parseSource(parameters['source']);
  return { account, product: product.id, quantity, amount: product.price * quantity, source };
}

function parseQuantity(value: unknown): number {
  const quantity = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;
  if (typeof quantity === 'number' && Number.isInteger(quantity) && quantity >= 1 && quantity <= maxQuantity)
    return quantity;
  throw badParameter(
    'quantity',
    'parameter_invalid_integer',
    `quantity must be a whole number from 1 to ${maxQuantity}.`,
  );
}

function parseSource(value: unknown): string {
  if (typeof value === 'string' && sourcePattern.test(value)) return value;
  throw badParameter('source', 'resource_missing', 'source must be the token of a card, such as tok_visa.');
}
