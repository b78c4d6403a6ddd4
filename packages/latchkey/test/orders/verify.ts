/** Compares the customers' answers with the books of the shop and of the provider. */

import type { CardCharge } from '../../../../examples/payments/src/provider/ledger.ts';
import type { Books } from './books/shop.ts';
import type { Told } from './customers.ts';

/** The violations as text. */
export function violationsIn(told: readonly Told[], books: Books, charges: readonly CardCharge[]): string[] {
  const rows = Map.groupBy(books.orders, ({ order }) => order);
  const paid = Map.groupBy(charges, ({ reference }) => reference);
  const mails = Map.groupBy(books.mails, (order) => order);
  const known = new Set(told.map(({ order }) => order.id));
  const placedOrders = told.filter(({ status }) => status === 201).length;
  return [
    ...told.flatMap((one) => faultsOf(one, rows.get(one.order.id) ?? [], paid.get(one.order.id) ?? [])),
    ...told.flatMap(({ order, status }) => mailFaults(order.id, status, mails.get(order.id)?.length ?? 0)),
    ...[...rows.keys(), ...paid.keys()].filter((id) => !known.has(id)).map((id) => `${id}: not reported to any client`),
    ...(books.reserved === placedOrders ? [] : [`${books.reserved} are reserved for ${placedOrders} orders`]),
  ];
}

function faultsOf(
  { order: { id }, key, attempts, status, body }: Told,
  rows: Books['orders'],
  charges: readonly CardCharge[],
): string[] {
  if (status !== 201 && status !== 402) return [`${id}: was answered ${status} ${body}`];
  const expected = status === 201 ? String(JSON.parse(body).charge) : '';
  const inBooks = rows.map(({ charge }) => charge).join();
  if (inBooks === expected && charges.map(({ id: charge }) => charge).join() === expected) return [];
  const atProvider = charges.map(({ id: charge, idempotencyKey }) => `${charge} under ${idempotencyKey}`).join(', ');
  return [
    `${id}: told ${expected || 'declined'} at attempt ${attempts} under ${key}, in the books ${inBooks}, charged ${atProvider}`,
  ];
}

function mailFaults(id: string, status: number, mails: number): string[] {
  const expected = status === 201 ? 1 : 0;
  return mails === expected ? [] : [`${id}: ${mails} mails`];
}
