import {
  type OrderProgress,
  type OrderState,
  type StepName,
  type StepNote,
  stepNames,
} from '../orders/order-progress.ts';
import { type Html, html } from './html.ts';

const titles: Readonly<Record<StepName, string>> = {
  reserve: 'Reserve the goods',
  charge: 'Charge the card',
  order: 'Save the order',
  mail: 'Send the email',
};

const states: Readonly<Record<OrderState, string>> = {
  open: 'in progress',
  paid: 'paid',
  refused: 'refused, nothing charged',
};

/** Orders on the page: for each attempt the steps that it ran, and those that were already saved. */
export function ordersHtml(orders: readonly OrderProgress[]): Html {
  if (orders.length === 0) return html`<p class="outcome"><strong>Nothing ordered yet</strong></p>`;
  return html`${orders.map(orderHtml)}`;
}

function orderHtml({ title, state, notes }: OrderProgress): Html {
  return html`
    <article class="placed ${state}">
      <h3>${title} <small>${states[state]}</small></h3>
      <ol class="steps">${stepNames.map((step) => stepHtml(step, notesOn(step, notes)))}</ol>
    </article>`;
}

function notesOn(step: StepName, notes: readonly StepNote[]): readonly StepNote[] {
  return notes.filter((note) => note.step === step);
}

function stepHtml(step: StepName, notes: readonly StepNote[]): Html {
  const resumed = notes.some(({ doing }) => doing === 'resumed');
  const kind = notes.length === 0 ? 'waiting' : resumed ? 'resumed' : 'ran';
  return html`<li class="${kind}" data-step="${step}"><b>${titles[step]}</b>${notes.map(noteHtml)}</li>`;
}

function noteHtml({ attempt, doing, process }: StepNote): Html {
  const text = doing === 'ran' ? 'ran it' : 'found it saved, and went on';
  return html` <small>Attempt ${attempt}, process ${process}, ${text}</small>`;
}
