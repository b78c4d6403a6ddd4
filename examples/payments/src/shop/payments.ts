import type { Request, Response } from 'express';
import type { Charge, ChargeOrigin, Charges } from '../charges.ts';
import type { Disasters } from '../demo/disasters.ts';
import type { Guard } from '../records.ts';
import type { Answer, Answers } from './answers.ts';
import { type BuyerAccounts, buyerAccounts } from './cookies.ts';
import type { Ledger } from './ledger.ts';
import { isDeclined, type Order, parseOrder } from './order.ts';

/** What the payment handlers work with. */
export interface Shop {
  readonly charges: Charges;
  readonly ledger: Ledger;
  readonly disasters: Disasters;
}

type Handler = (request: Request, response: Response) => Promise<void>;

/** Pays once for each key: the charge, the answer and the end of the operation are one commit. */
export function keyedPayment(shop: Shop, guard: Guard, answers: Answers): Handler {
  return async (request) => {
    const order = parseOrder(request.body);
    const { keyed: account } = accountsOf(request);
    const context = guard.context(request);
    await shop.disasters.dawdle(request);
    await context.finish(() => {
      const charge = chargeFor(shop.charges, order, { account, operationId: context.operationId });
      shop.disasters.beforeCommit(request);
      return answerTo(order, charge, answers);
    });
    shop.ledger.changed(account);
  };
}

/** Pays once for each request, as servers do that don't look at keys. */
export function naivePayment(shop: Shop, answers: Answers): Handler {
  return async (request, response) => {
    const order = parseOrder(request.body);
    const { naive: account } = accountsOf(request);
    await shop.disasters.dawdle(request);
    shop.disasters.beforeCommit(request);
    const charge = chargeFor(shop.charges, order, { account });
    shop.ledger.changed(account);
    const { status, headers, body } = answerTo(order, charge, answers);
    response
      .status(status)
      .set(headers ?? {})
      .send(body);
  };
}

function accountsOf(request: Request): BuyerAccounts {
  const accounts = buyerAccounts(request);
  if (accounts === undefined) throw new Error('the route is not behind requireBuyer');
  return accounts;
}

function chargeFor(charges: Charges, order: Order, origin: ChargeOrigin): Charge | undefined {
  if (isDeclined(order.card)) return undefined;
  const { amount, card: source, number } = order;
  return charges.insert({ amount, currency: 'usd', source, description: `Order ${number}`, metadata: {} }, origin);
}

function answerTo(order: Order, charge: Charge | undefined, answers: Answers): Answer {
  return charge ? answers.paid(order, charge) : answers.declined(order);
}
