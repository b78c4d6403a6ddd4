import { randomUUID } from 'node:crypto';
import type { OrderDisaster } from '../demo/disasters.ts';
import type { OrderProgress } from '../orders/order-progress.ts';
import { dollars, Html, html } from './html.ts';
import { cards, maxQuantity, products } from './order.ts';
import { ordersHtml } from './order-steps-html.ts';

/** The content of the page. */
export interface OrdersView {
  readonly key: string;
  readonly number: string;
  readonly orders: readonly OrderProgress[];
}

const disasters: readonly { name: OrderDisaster | 'none'; title: string; detail: string }[] = [
  { name: 'none', title: 'Nothing', detail: 'Four steps, one after another.' },
  { name: 'dies-after-reserve', title: 'The server dies before the charge', detail: 'kill -9 after the first step.' },
  { name: 'dies-after-charge', title: 'The server dies after the charge', detail: 'kill -9 after the second step.' },
  {
    name: 'provider-lose-answer',
    title: 'The provider’s answer is lost',
    detail: 'The card is charged, but its answer never arrives.',
  },
  { name: 'provider-die', title: 'The provider dies', detail: 'kill -9 of the provider after the charge.' },
];

/** The page of orders in four steps; it works without scripts, and better with them. */
export function ordersPage(view: OrdersView): Html {
  return html`
    <div class="intro">
      <h1>Four steps, and a crash in between</h1>
      <p>An order reserves goods, charges a card at another company, is saved, and sends an email. Kill a process in
        between: the retry resumes after the last saved step. <a href="/">Back to the single payment</a></p>
    </div>
    <div class="columns two">
      ${orderForm(view)}
      <section class="card panel" aria-labelledby="orders-title">
        <h2 id="orders-title">Your orders <small>What each attempt did</small></h2>
        <div class="ledger" id="orders" aria-live="polite">${ordersHtml(view.orders)}</div>
        <div class="story" id="order-story" hidden>
          <h3>What happened</h3>
          <ol class="timeline" id="order-timeline"></ol>
        </div>
      </section>
    </div>
    <script type="module" src="/orders.js"></script>`;
}

function orderForm({ key, number }: OrdersView): Html {
  return html`
    <form class="card order" id="place" method="post" action="/orders/place" autocomplete="off">
      <input type="hidden" name="idempotency_key" value="${key}">
      <input type="hidden" name="order" value="${number}">
      <input type="hidden" name="ticket" value="${randomUUID()}">
      <fieldset class="cart">
        <legend>Your order</legend>
        <label class="card-choice">Product
          <select name="product">${products.map(productChoice)}</select>
        </label>
        <label class="card-choice">Quantity
          <select name="quantity">${quantities().map((pieces) => html`<option>${pieces}</option>`)}</select>
        </label>
        <label class="card-choice">Card
          <select name="source">${cards.map(({ token, name }) => html`<option value="${token}">${name}</option>`)}</select>
        </label>
      </fieldset>
      <fieldset class="disasters">
        <legend>What goes wrong?</legend>
        ${disasters.map(disasterChoice)}
      </fieldset>
      <button class="button" id="place-order">Place the order</button>
    </form>`;
}

function productChoice({ id, name, price }: (typeof products)[number]): Html {
  return html`<option value="${id}">${name}, ${dollars(price)}</option>`;
}

function quantities(): readonly number[] {
  return Array.from({ length: maxQuantity }, (_, index) => index + 1);
}

function disasterChoice({ name, title, detail }: (typeof disasters)[number], index: number): Html {
  const checked = index === 0 ? new Html(' checked') : html``;
  return html`
    <label class="choice">
      <input type="radio" name="disaster" value="${name}"${checked}>
      <span><b>${title}</b><small>${detail}</small></span>
    </label>`;
}
