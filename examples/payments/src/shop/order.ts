/** A product; `price` is in cents. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly price: number;
  readonly quantity: number;
}

/** The products, with the quantities of a new cart. */
export const products: readonly Product[] = [
  { id: 'lamp', name: 'Reading lamp', note: 'Brass, with a linen shade', price: 4_800, quantity: 1 },
  { id: 'notebook', name: 'Notebook', note: '192 pages, dotted', price: 1_450, quantity: 2 },
  { id: 'pencils', name: 'Pencils', note: 'A dozen, cedar', price: 900, quantity: 1 },
];

/** The largest quantity of one product. */
export const maxQuantity = 9;

/** The cards that a buyer can choose from. */
export const cards = [
  { token: 'tok_visa', name: 'Visa ending in 4242' },
  { token: 'tok_chargeDeclined', name: 'Visa ending in 0002, declined by its bank' },
] as const;

/** A buyer's order. The amount is calculated here, since prices from a page can't be trusted. */
export interface Order {
  readonly number: string;
  readonly amount: number;
  readonly card: string;
}

/** The order is invalid. */
export class OrderError extends Error {
  readonly status = 400;
}

/**
 * Reads an order from the fields of the form, or from a JSON body with the same names.
 *
 * @throws OrderError if a field is missing or bad.
 */
export function parseOrder(body: unknown): Order {
  const fields: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const amount = products.reduce((sum, { id, price }) => sum + price * parseQuantity(fields[id]), 0);
  if (amount === 0) throw new OrderError('The cart is empty.');
  return { number: parseNumber(fields['order']), amount, card: parseCard(fields['card']) };
}

function parseQuantity(value: unknown): number {
  const quantity = Number(typeof value === 'string' && value !== '' ? value : Number.NaN);
  if (Number.isInteger(quantity) && quantity >= 0 && quantity <= maxQuantity) return quantity;
  throw new OrderError(`A quantity must be a whole number from 0 to ${maxQuantity}.`);
}

function parseNumber(value: unknown): string {
  if (typeof value === 'string' && /^[0-9A-F]{8}$/.test(value)) return value;
  throw new OrderError('The order has no number.');
}

function parseCard(value: unknown): string {
  const card = cards.find(({ token }) => token === value);
  if (card === undefined) throw new OrderError('Choose one of the cards.');
  return card.token;
}

/** True if this card's bank declines. */
export function isDeclined(card: string): boolean {
  return card === 'tok_chargeDeclined';
}
