import { maxQuantity, products } from '../shop/order.ts';

const text = { type: 'string' };
const time = { type: 'integer', description: 'Seconds since 1970.' };
const object = (name: string) => ({ type: 'string', const: name });
const source = { type: 'string', pattern: '^tok_[A-Za-z0-9_]{1,64}$', examples: ['tok_visa', 'tok_chargeDeclined'] };
const product = { type: 'string', enum: products.map(({ id }) => id) };
const quantity = { type: 'integer', minimum: 1, maximum: maxQuantity };
const amount = { type: 'integer', minimum: 1, maximum: 99_999_999, description: "In the currency's smallest unit." };
const currency = { type: 'string', pattern: '^[A-Za-z]{3}$', examples: ['usd'] };

/** An object whose members are all required, except for those in `optional`. */
function whole(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  return { type: 'object', required: Object.keys(properties).filter((name) => !optional.includes(name)), properties };
}

/** A page of a list. */
function listOf(name: string) {
  const data = { type: 'array', items: { $ref: `#/components/schemas/${name}` } };
  return whole({ object: object('list'), data, has_more: { type: 'boolean' }, url: text });
}

const chargeParameters = {
  amount,
  currency,
  source,
  description: { type: ['string', 'null'], maxLength: 500 },
  metadata: { type: 'object', maxProperties: 50, additionalProperties: { type: 'string', maxLength: 500 } },
};

/** The schemas of the API's bodies. */
export const schemas = {
  ChargeParameters: {
    ...whole(chargeParameters, ['description', 'metadata']),
    examples: [{ amount: 2000, currency: 'usd', source: 'tok_visa' }],
  },
  Charge: whole({
    id: text,
    object: object('charge'),
    ...chargeParameters,
    status: { type: 'string', const: 'succeeded' },
    created: time,
  }),
  ChargeList: listOf('Charge'),
  OrderParameters: {
    ...whole({ product, quantity, source }),
    examples: [{ product: 'lamp', quantity: 1, source: 'tok_visa' }],
  },
  Order: whole({
    id: text,
    object: object('order'),
    status: { type: 'string', const: 'paid' },
    product,
    quantity,
    amount,
    currency,
    charge: { type: 'string', description: 'The charge at the card provider.' },
    created: time,
  }),
  OrderList: listOf('Order'),
  Error: whole({
    error: whole(
      {
        type: { type: 'string', enum: ['invalid_request_error', 'card_error', 'api_error'] },
        message: text,
        code: text,
        decline_code: text,
        param: text,
      },
      ['code', 'decline_code', 'param'],
    ),
  }),
};
