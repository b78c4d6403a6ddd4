import express, { type RequestHandler, Router } from 'express';
import type { Guard, Records } from '../records.ts';
import { formAnswers, scriptAnswers } from './answers.ts';
import { showCheckout } from './checkout-view.ts';
import { buyerAccounts, requireBuyer } from './cookies.ts';
import { moveHiddenFields } from './hidden-fields.ts';
import { keyedPayment, naivePayment, type Shop } from './payments.ts';
import { shopErrors, showProblem } from './shop-errors.ts';

const maxBodyBytes = 16 * 1024;
const parameterLimit = 20;

/** The guard of the shop. A duplicate waits for the first answer, since a browser does not retry. */
export function shopGuard(records: Records): Guard {
  return records.guard({
    principal: (request) => buyerAccounts(request)?.keyed,
    key: { required: true },
    afterFailure: 'rerun',
    // Transactions also use this lease; none here takes longer.
    timing: { leaseMs: 3_000, transactionLeaseMs: 3_000 },
    whenRunning: { waitMs: 10_000 },
    request: { maxBytes: maxBodyBytes },
    onProblem: showProblem,
    // An invalid order was not paid: the buyer corrects it and pays under the same key.
    response: { keep: (status) => status !== 400 },
  });
}

/** The checkout page, and its payments with and without keys. */
export function shopRoutes(shop: Shop, guard: Guard): Router {
  const routes = Router({ caseSensitive: true, strict: true });
  const form: RequestHandler[] = [
    requireBuyer,
    express.urlencoded({ extended: false, limit: maxBodyBytes, parameterLimit }),
    moveHiddenFields,
    shop.disasters.announce,
  ];
  const script: RequestHandler[] = [requireBuyer, shop.disasters.announce];
  const json = express.json({ limit: maxBodyBytes });

  routes.get('/', showCheckout(shop.ledger));
  routes.get('/ledger', shop.ledger.stream);
  routes.post('/checkout', form, guard.middleware, keyedPayment(shop, guard, formAnswers));
  routes.post('/checkout/payments', script, guard.middleware, json, keyedPayment(shop, guard, scriptAnswers));
  routes.post('/naive/checkout', form, naivePayment(shop, formAnswers));
  routes.post('/naive/payments', script, json, naivePayment(shop, scriptAnswers));
  routes.use(shopErrors);
  return routes;
}
