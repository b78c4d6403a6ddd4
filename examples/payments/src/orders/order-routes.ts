import express, { type RequestHandler, Router } from 'express';
import { stripe } from 'latchkey/dialects';
import { accountOf, authenticate, authenticatedAccount } from '../api/api-key.ts';
import { parseListParameters } from '../api/list-parameters.ts';
import { badParameter, notFound } from '../api/stripe-error.ts';
import { type Answer, type Guard, type Records, send } from '../records.ts';
import { ProviderSilentError } from './card-provider.ts';
import { orderAnswer, silentAnswer } from './order-answers.ts';
import { type OrderTools, placeOrder } from './order-flow.ts';
import { parseOrderParameters } from './order-parameters.ts';

const maxBodyBytes = 64 * 1024;

/** The guard of the API's orders, which require a key, since a retry without one would charge again. */
export function orderGuard(records: Records): Guard {
  return records.guard({
    dialect: stripe,
    principal: accountOf,
    key: { required: true },
    afterFailure: 'rerun',
    // Transactions also use this lease; none here takes longer.
    timing: { leaseMs: 3_000, transactionLeaseMs: 3_000 },
    request: { maxBytes: maxBodyBytes },
  });
}

/** `/orders` of the API: create, list, retrieve. */
export function orderRoutes(tools: OrderTools, guard: Guard): Router {
  const routes = Router({ caseSensitive: true, strict: true });
  const form = express.urlencoded({ extended: false, limit: maxBodyBytes, parameterLimit: 20 });
  const json = express.json({ limit: maxBodyBytes });
  routes.post('/orders', authenticate, guard.middleware, form, json, create(tools, guard));
  routes.get('/orders', authenticate, list(tools));
  routes.get('/orders/:id', authenticate, retrieve(tools));
  return routes;
}

function create(tools: OrderTools, guard: Guard): RequestHandler {
  return async (request, response) => {
    const order = parseOrderParameters(request.body, authenticatedAccount(request));
    const place = async () => orderAnswer(await placeOrder(tools, guard.flow(request), order));
    send(response, await answered(place, silentAnswer));
  };
}

/** Answers that the provider did not answer, which is not final. */
export async function answered(place: () => Promise<Answer>, silent: () => Answer): Promise<Answer> {
  try {
    return await place();
  } catch (error) {
    if (error instanceof ProviderSilentError) return silent();
    throw error;
  }
}

function list({ book }: OrderTools): RequestHandler {
  return (request, response) => {
    const { limit, startingAfter } = parseListParameters(request.query);
    const page = book.list(authenticatedAccount(request), limit, startingAfter);
    if (page === undefined) throw badParameter('starting_after', 'resource_missing', 'There is no such order.');
    response.json({ object: 'list', data: page.orders, has_more: page.hasMore, url: '/v1/orders' });
  };
}

function retrieve({ book }: OrderTools): RequestHandler {
  return (request, response) => {
    const order = book.find(authenticatedAccount(request), String(request.params['id']));
    if (order === undefined) throw notFound('id', 'There is no such order.');
    response.json(order);
  };
}
