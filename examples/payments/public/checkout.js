// The page's main script: takes the order from the form and pays it at both endpoints.

import { payKeyed } from './keyed-payment.js';
import { showLedger } from './live-ledger.js';
import { payNaively } from './naive-payment.js';
import { describeOrder, newNumber, showNumber, showTotal, takeOrder } from './order-form.js';
import { beginOrder, endOrder, pendingOrder } from './pending-order.js';
import { createTimeline } from './timeline.js';

const impatienceMs = 1_000;
const form = document.querySelector('#checkout');
const button = document.querySelector('#pay');
const timelines = { keyed: createTimeline('keyed'), naive: createTimeline('naive') };
let paying = 0;

function startOrder() {
  showNumber(form, newNumber());
  form.querySelector('#cart').disabled = false;
  form.querySelector('#pending').hidden = true;
}

/** An order whose outcome is unknown can't be changed, only paid again, since its key belongs to its cart. */
function resumeOrder(order) {
  for (const [name, value] of order.fields) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  showNumber(form, order.number);
  form.querySelector('#cart').disabled = true;
  const note = form.querySelector('#pending');
  note.textContent = `Order ${order.number} was sent before, and its answer was lost. Pay now continues it.`;
  note.hidden = false;
}

/** Each click has a separate disaster per endpoint, which affects its first request. */
function demoFields(disaster) {
  return { 'Demo-Disaster': disaster, 'Demo-Ticket': crypto.randomUUID() };
}

async function payKeyedOrder(order, disaster) {
  const settled = await payKeyed(order, demoFields(disaster), timelines.keyed);
  if (settled) endOrder(order);
}

/** A dying server affects both endpoints, so with that disaster they are called one after the other. */
async function payBoth(order, disaster) {
  const keyed = payKeyedOrder(order, disaster);
  if (disaster.startsWith('dies')) await keyed;
  await Promise.all([keyed, payNaively(order, demoFields(disaster), timelines.naive)]);
}

async function pay(disaster) {
  const order = pendingOrder() ?? beginOrder(takeOrder(form));
  if (paying === 0) tellBoth((timeline) => timeline.clear(describeOrder(order)));
  else tellBoth((timeline) => timeline.add('sent', 'The buyer clicks again'));
  paying += 1;
  button.setAttribute('aria-busy', 'true');
  try {
    await payBoth(order, disaster);
  } finally {
    paying -= 1;
    if (paying === 0) endPayment();
  }
}

function endPayment() {
  button.removeAttribute('aria-busy');
  showNextOrder();
}

function tellBoth(tell) {
  for (const timeline of Object.values(timelines)) tell(timeline);
}

function click() {
  if (paying > 0) return pay('none');
  const disaster = form.elements.namedItem('disaster').value;
  if (disaster === 'slow') setTimeout(() => paying > 0 && click(), impatienceMs);
  document.querySelector('#keyed-title').scrollIntoView({ block: 'nearest' });
  return pay(disaster);
}

function showNextOrder() {
  const pending = pendingOrder();
  if (pending) resumeOrder(pending);
  else startOrder();
  showTotal(form);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void click();
});
form.addEventListener('input', () => showTotal(form));
/** An order that was sent and has no answer yet is sent again when the network is back. */
async function resumePending() {
  const order = pendingOrder();
  if (order === null || paying > 0) return;
  paying += 1;
  try {
    await payKeyedOrder(order, 'none');
  } finally {
    paying -= 1;
    if (paying === 0) endPayment();
  }
}

addEventListener('online', () => void resumePending());
showLedger();
showNextOrder();
