import type { Request, Response } from 'express';
import type { Charge, ChargeOrigin, Charges } from '../charges.ts';
import type { Disasters } from '../demo/disasters.ts';
import { type Answer, type Guard, send } from '../records.ts';
import type { Answers } from './answers.ts';
import { type BuyerAccounts, buyerAccounts } from './cookies.ts';
import type { Ledger } from './ledger.ts';
import { isDeclined, type Order, parseOrder } from './order.ts';

/** The dependencies of the payment handlers. */
export interface Shop {
  readonly charges: Charges;
  readonly ledger: Ledger;
  readonly disasters: Disasters;
}

type Handler = (request: Request, response: Response) => Promise<void>;

/** Pays once for each key. */
export function keyedPayment(shop: Shop, guard: Guard, answers: Answers): Handler {
  return async (request, response) => {
    const order = parseOrder(request.body);
    const { keyed: account } = accountsOf(request);
    const operationId = guard.operationOf(request);
    await shop.disasters.dawdle(request);
    await guard.settle(request, response, () => {
      const charge = chargeFor(shop.charges, order, { account, operationId });
      shop.disasters.beforeCommit(request);
      return answerTo(order, charge, answers);
    });
    shop.ledger.changed(account);
  };
}

/** Pays once for each request, as servers without keys do. */
export function naivePayment(shop: Shop, answers: Answers): Handler {
  return async (request, response) => {
    const order = parseOrder(request.body);
    const { naive: account } = accountsOf(request);
    await shop.disasters.dawdle(request);
    shop.disasters.beforeCommit(request);
    const charge = chargeFor(shop.charges, order, { account });
    shop.ledger.changed(account);
    send(response, answerTo(order, charge, answers));
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
