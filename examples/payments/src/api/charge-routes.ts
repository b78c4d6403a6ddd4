import express, { type RequestHandler, Router } from 'express';
import { stripe } from 'latchkey/dialects';
import type { ChargeOrigin, ChargeParameters, Charges } from '../charges.ts';
import { type Answer, type Guard, type Records, send } from '../records.ts';
import { accountOf, authenticate, authenticatedAccount } from './api-key.ts';
import { parseChargeParameters } from './charge-parameters.ts';
import { parseListParameters } from './list-parameters.ts';
import { badParameter, cardDeclined, errorBody, notFound } from './stripe-error.ts';

const maxBodyBytes = 64 * 1024;
const parameterLimit = 100;

/** The test card that every bank declines. */
const declinedSource = 'tok_chargeDeclined';

/** The guard of the API. A dead worker leaves only its lease, so a retry may run again. */
export function apiGuard(records: Records): Guard {
  return records.guard({
    dialect: stripe,
    principal: accountOf,
    afterFailure: 'rerun',
    timing: { leaseMs: 3_000 },
    request: { maxBytes: maxBodyBytes },
  });
}

/** `/charges` of the API: create, list, retrieve. */
export function chargeRoutes(charges: Charges, guard: Guard): Router {
  const routes = Router({ caseSensitive: true, strict: true });
  const form = express.urlencoded({ extended: false, limit: maxBodyBytes, parameterLimit });
  const json = express.json({ limit: maxBodyBytes });
  routes.post('/charges', authenticate, guard.middleware, form, json, create(charges, guard));
  routes.get('/charges', authenticate, list(charges));
  routes.get('/charges/:id', authenticate, retrieve(charges));
  return routes;
}

function create(charges: Charges, guard: Guard): RequestHandler {
  return async (request, response) => {
    const parameters = parseChargeParameters(request.body);
    const operationId = guard.operationOf(request);
    const charge = () => answerFor(charges, parameters, { account: authenticatedAccount(request), operationId });
    // A request without a key runs unprotected, as at Stripe.
    if (operationId === undefined) send(response, charge());
    else await guard.settle(request, response, charge);
  };
}

function answerFor(charges: Charges, parameters: ChargeParameters, origin: ChargeOrigin): Answer {
  if (parameters.source === declinedSource) return { status: 402, body: errorBody(cardDeclined()) };
  return { status: 200, body: charges.insert(parameters, origin) };
}

function list(charges: Charges): RequestHandler {
  return (request, response) => {
    const { limit, startingAfter } = parseListParameters(request.query);
    const page = charges.list(authenticatedAccount(request), limit, startingAfter);
    if (page === undefined) throw badParameter('starting_after', 'resource_missing', 'There is no such charge.');
    response.json({ object: 'list', data: page.charges, has_more: page.hasMore, url: '/v1/charges' });
  };
}

function retrieve(charges: Charges): RequestHandler {
  return (request, response) => {
    const charge = charges.find(authenticatedAccount(request), String(request.params['id']));
    if (charge === undefined) throw notFound('id', 'There is no such charge.');
    response.json(charge);
  };
}
