import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Disasters } from '../demo/disasters.ts';
import { orderAnswer, silentAnswer } from '../orders/order-answers.ts';
import { type OrderOutcome, type OrderTools, placeOrder } from '../orders/order-flow.ts';
import { parseOrderParameters } from '../orders/order-parameters.ts';
import { answered } from '../orders/order-routes.ts';
import { type Answer, type Guard, send } from '../records.ts';
import { buyerAccounts, currentKey, orderNumber, requireBuyer, welcomeBuyer } from './cookies.ts';
import type { EventStreams } from './event-streams.ts';
import { moveHiddenFields } from './hidden-fields.ts';
import { ordersHtml } from './order-steps-html.ts';
import { ordersPage } from './orders-page.ts';
import { notePage, sendPage } from './page-frame.ts';

/** The dependencies of the orders page. */
export interface OrderShop extends OrderTools {
  readonly disasters: Disasters;
  readonly streams: EventStreams;
}

/** The answer for an order's outcome: for a plain form, or for the page's script. */
interface Telling {
  readonly outcome: (outcome: OrderOutcome, number: string) => Answer;
  readonly silent: () => Answer;
}

const maxBodyBytes = 16 * 1024;

const toScript: Telling = { outcome: orderAnswer, silent: silentAnswer };

/** A form is redirected to the page with the steps, so that a reload orders nothing. */
const toForm: Telling = {
  outcome: (_outcome, number) => ({ status: 303, headers: { Location: `/orders?over=${number}` } }),
  silent: () => ({
    status: 502,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: notePage({
      title: 'The card provider gave no answer',
      detail: 'Nothing is lost. Place the same order again: it goes on where it stopped.',
      back: '/orders',
    }),
  }),
};

/** The page of orders in four steps. */
export function ordersRoutes(shop: OrderShop, guard: Guard): Router {
  const routes = Router({ caseSensitive: true, strict: true });
  const urlencoded = express.urlencoded({ extended: false, limit: maxBodyBytes, parameterLimit: 20 });
  const form: RequestHandler[] = [requireBuyer, urlencoded, moveHiddenFields, shop.disasters.announce];
  const json = express.json({ limit: maxBodyBytes });
  routes.get('/orders', (request, response) => showOrders(shop, request, response));
  routes.get('/orders/progress', (request, response) => streamProgress(shop, request, response));
  routes.post('/orders/place', form, guard.middleware, place(shop, guard, toForm));
  routes.post(
    '/orders/placements',
    requireBuyer,
    shop.disasters.announce,
    guard.middleware,
    json,
    place(shop, guard, toScript),
  );
  return routes;
}

function place(shop: OrderShop, guard: Guard, telling: Telling): RequestHandler {
  return async (request, response) => {
    const { order: number, ...parameters } = Object(request.body);
    const order = parseOrderParameters(parameters, accountOf(request));
    const disaster = await strike(shop, request);
    const run = () =>
      placeOrder(shop, guard.flow(request), order, (step) => {
        if (disaster === `dies-after-${step}`) shop.disasters.die();
      });
    send(response, await answered(async () => telling.outcome(await run(), numberOf(number)), telling.silent));
  };
}

/** Sets the provider's behaviour before the order reaches it. */
async function strike({ disasters, provider }: OrderShop, request: Request): Promise<string | undefined> {
  const disaster = disasters.announced(request);
  if (disaster === 'provider-lose-answer') await provider.misbehave('lose-answer');
  if (disaster === 'provider-die') await provider.misbehave('die');
  return disaster;
}

function numberOf(value: unknown): string {
  return typeof value === 'string' && /^[0-9A-F]{8}$/.test(value) ? value : '';
}

function accountOf(request: Request): string {
  const accounts = buyerAccounts(request);
  if (accounts === undefined) throw new Error('the route is not behind requireBuyer');
  return accounts.keyed;
}

function showOrders({ progress }: OrderShop, request: Request, response: Response): void {
  const { keyed } = welcomeBuyer(request, response);
  const over = numberOf(request.query['over'] ?? request.query['dropped']);
  const key = currentKey(request, response, over, 'parcel');
  const view = { key, number: orderNumber(key), orders: progress.latest(keyed) };
  sendPage(response, 200, 'Orders', ordersPage(view));
}

function streamProgress({ progress, streams }: OrderShop, request: Request, response: Response): void {
  const accounts = buyerAccounts(request);
  if (accounts === undefined) return void response.sendStatus(204);
  streams.start(response, {
    read: () => ({ orders: ordersHtml(progress.latest(accounts.keyed)).text }),
    watch: (tell) => progress.watch(accounts.keyed, tell),
  });
}
