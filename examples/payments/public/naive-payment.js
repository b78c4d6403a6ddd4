// How not to pay: every try is a new payment, since the server can't distinguish a retry from a second order.

import { orderBody } from './order-form.js';

const maxTries = 50;
const pauseMs = 400;

/** Pays an order as many pages do: with fetch, and once more if it fails. */
export async function payNaively(order, headers, timeline) {
  for (let attempt = 1; attempt <= maxTries; attempt += 1) {
    timeline.add('sent', 'POST without a key');
    try {
      const response = await fetch('/naive/payments', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: orderBody(order),
      });
      return await tellAnswer(response, timeline);
    } catch {
      timeline.add('lost', 'The connection broke, no answer');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  timeline.add('lost', 'No answer; gave up');
}

async function tellAnswer(response, timeline) {
  const body = await response.json();
  if (response.ok) timeline.add('paid', `Paid: ${body.id.slice(0, 11)}…`);
  else timeline.add('lost', body.error?.message ?? `Answer ${response.status}`);
}
