import { randomUUID } from 'node:crypto';
import type { Disaster } from '../demo/disasters.ts';
import { dollars, Html, html } from './html.ts';
import type { LedgerView } from './ledger.ts';
import { ledgerHtml } from './ledger-html.ts';
import { cards, maxQuantity, type Product, products } from './order.ts';

/** The content of the page. */
export interface CheckoutView {
  readonly key: string;
  readonly number: string;
  readonly ledger: LedgerView;
  /** The outcome of the previous payment, if the buyer comes from it. */
  readonly notice?: { readonly kind: 'good' | 'bad'; readonly text: string };
}

const disasters: readonly { name: Disaster | 'none'; title: string; detail: string }[] = [
  { name: 'none', title: 'Nothing', detail: 'The payment goes through at once.' },
  { name: 'lost', title: 'The answer is lost', detail: 'The card is charged, then the connection breaks.' },
  { name: 'slow', title: 'The server is slow', detail: 'The buyer gets impatient and pays again.' },
  {
    name: 'dies-after-commit',
    title: 'The server dies after the charge',
    detail: 'kill -9 before the answer is sent.',
  },
  { name: 'dies-before-commit', title: 'The server dies during the charge', detail: 'kill -9 just before the commit.' },
];

/** The checkout page; it works without scripts, and better with them. */
export function checkoutPage(view: CheckoutView): Html {
  return html`
    <div class="intro">
      <h1>Pay once, whatever the network does</h1>
      <p>Choose what goes wrong, then pay. The same payment goes to two endpoints: one checks its
        <code>Idempotency-Key</code>, the other doesn’t. <a href="/orders">Or place an order in four steps</a>,
        or read <a href="/reference">the API’s reference</a>.</p>
    </div>
    ${noticeHtml(view)}
    <div class="columns">
      ${orderForm(view)}
      ${panel('keyed', 'With a key', 'Guarded by Latchkey', ledgerHtml(view.ledger.keyed))}
      ${panel('naive', 'Without a key', 'Every request is a new payment', ledgerHtml(view.ledger.naive))}
    </div>
    <script type="module" src="/checkout.js"></script>`;
}

function noticeHtml({ notice }: CheckoutView): Html {
  return notice ? html`<p class="notice ${notice.kind}" role="status">${notice.text}</p>` : html``;
}

function orderForm({ key, number }: CheckoutView): Html {
  return html`
    <form class="card order" id="checkout" method="post" action="/checkout" autocomplete="off">
      <input type="hidden" name="idempotency_key" value="${key}">
      <input type="hidden" name="order" value="${number}">
      <input type="hidden" name="ticket" value="${randomUUID()}">
      <fieldset id="cart" class="cart">
        <legend>Your order <span>No. <output id="number">${number}</output></span></legend>
        ${products.map(cartLine)}
        <p class="total">Total <output id="total">${dollars(totalOf(products))}</output></p>
        <label class="card-choice">Card
          <select name="card">${cards.map((card) => html`<option value="${card.token}">${card.name}</option>`)}</select>
        </label>
      </fieldset>
      <fieldset class="disasters">
        <legend>What goes wrong?</legend>
        ${disasters.map(disasterChoice)}
      </fieldset>
      <p class="pending" id="pending" role="status" hidden></p>
      <button class="button" id="pay">Pay now</button>
      <noscript><button class="button quiet" formaction="/naive/checkout">Pay now, without a key</button></noscript>
    </form>`;
}

function totalOf(cart: readonly Product[]): number {
  return cart.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
}

function cartLine({ id, name, note, price, quantity }: Product): Html {
  return html`
    <div class="line">
      <label for="${id}">${name}</label>
      <span class="line-note" id="${id}-note">${note}, ${dollars(price)}</span>
      <input id="${id}" name="${id}" type="number" inputmode="numeric" min="0" max="${maxQuantity}" step="1" required
        value="${quantity}" data-price="${price}" aria-describedby="${id}-note">
    </div>`;
}

function disasterChoice({ name, title, detail }: (typeof disasters)[number], index: number): Html {
  const checked = index === 0 ? new Html(' checked') : html``;
  return html`
    <label class="choice">
      <input type="radio" name="disaster" value="${name}"${checked}>
      <span><b>${title}</b><small>${detail}</small></span>
    </label>`;
}

function panel(id: 'keyed' | 'naive', title: string, subtitle: string, ledger: Html): Html {
  return html`
    <section class="card panel ${id}" aria-labelledby="${id}-title">
      <h2 id="${id}-title">${title} <small>${subtitle}</small></h2>
      <div class="ledger" id="${id}-ledger" aria-live="polite">${ledger}</div>
      <div class="story" id="${id}-story" hidden>
        <h3>What happened</h3>
        <ol class="timeline" id="${id}-timeline"></ol>
      </div>
    </section>`;
}
