// Places orders under a key that stays the same until there is a final answer, and shows their steps as they happen.

import { idempotentFetch, NoAnswerError } from '/latchkey/client/index.js';
import { listen } from './live-updates.js';
import { createTimeline } from './timeline.js';

const form = document.querySelector('#place');
const button = document.querySelector('#place-order');
const list = document.querySelector('#orders');
const timeline = createTimeline('order');

const place = idempotentFetch({ storage: sessionStorage, maxAttempts: 12, fetch: tellingFetch });
let placing = false;

/** Like fetch, but reports what is sent and what is lost. */
async function tellingFetch(input, init) {
  const key = new Headers(init.headers).get('idempotency-key') ?? '';
  timeline.add('sent', `POST with key ${key.replaceAll('"', '').slice(0, 8)}…`);
  try {
    const answer = await fetch(input, init);
    if (answer.status === 409) timeline.add('waiting', 'The dead server’s lease is still active: retrying later');
    return answer;
  } catch (error) {
    timeline.add('lost', 'The connection broke, no answer');
    throw error;
  }
}

function orderIn(fields) {
  return Object.fromEntries(['product', 'quantity', 'source'].map((name) => [name, fields.get(name)]));
}

async function send() {
  const fields = new FormData(form);
  const headers = { 'Demo-Disaster': fields.get('disaster'), 'Demo-Ticket': crypto.randomUUID() };
  timeline.clear('What happened to this order');
  try {
    const { response, replayed } = await place('/orders/placements', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(orderIn(fields)),
      operation: 'order in four steps',
    });
    await tellAnswer(response, replayed ? ', replayed' : '');
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    timeline.add('lost', `No answer (${error.code}). Placing the same order again continues it.`);
  }
}

async function tellAnswer(response, from) {
  const body = await response.json();
  if (response.ok) timeline.add('paid', `Order ${body.id.slice(0, 11)}… is placed${from}`);
  else timeline.add('lost', `${body.error?.message ?? body.detail ?? `Answer ${response.status}`}${from}`);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (placing) return;
  placing = true;
  button.setAttribute('aria-busy', 'true');
  try {
    await send();
  } finally {
    placing = false;
    button.removeAttribute('aria-busy');
  }
});

let shown = '';
listen('/orders/progress', ({ orders }) => {
  // An unchanged list is not updated, so that a screen reader does not read it again.
  if (orders !== shown) list.innerHTML = orders;
  shown = orders;
});
