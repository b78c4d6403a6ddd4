// How to pay: with a key that stays the same until there is a final answer.

import { idempotentFetch, NoAnswerError } from '/latchkey/client/index.js';
import { orderBody } from './order-form.js';

/**
 * Pays an order and reports each event. Resolves with true if the answer is final; otherwise paying again continues
 * with the same key.
 */
export async function payKeyed(order, headers, timeline) {
  const pay = clientFor(timeline);
  try {
    const answer = await pay('/checkout/payments', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: orderBody(order),
      operation: `order ${order.number}`,
    });
    await tellAnswer(answer, timeline);
    return answer.final;
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    timeline.add('lost', `No answer (${error.code})`);
    return error.code === 'key-reused' && !error.mayHaveHappened;
  }
}

const clients = new WeakMap();

/** One client for all clicks, so that a second click joins a pending payment. */
function clientFor(timeline) {
  let client = clients.get(timeline);
  if (client === undefined) {
    client = idempotentFetch({
      maxAttempts: 12,
      fetch: tellingFetch(timeline),
      onEvent: teller(timeline),
    });
    clients.set(timeline, client);
  }
  return client;
}

/** Like fetch, but reports what is sent and what is lost. */
function tellingFetch(timeline) {
  return async (input, init) => {
    const key = new Headers(init.headers).get('idempotency-key') ?? '';
    timeline.add('sent', `POST with key ${key.replaceAll('"', '').slice(0, 8)}…`);
    try {
      return await fetch(input, init);
    } catch (error) {
      timeline.add('lost', 'The connection broke, no answer');
      throw error;
    }
  };
}

function teller(timeline) {
  return (event) => {
    if (event.type === 'resumed') timeline.add('waiting', 'The key from before is still there');
    if (event.type === 'joined') timeline.add('waiting', 'Joins the payment on its way; nothing sent');
    if (event.type === 'retrying' && event.offline) timeline.add('waiting', 'Offline: resumes with the network');
    if (event.type === 'retrying' && event.status) timeline.add('waiting', `Answer ${event.status}: come back later`);
  };
}

async function tellAnswer({ response, replayed }, timeline) {
  const body = await response.json();
  const from = replayed ? ', replayed' : '';
  if (response.ok) timeline.add('paid', `Paid: ${body.id.slice(0, 11)}…${from}`);
  else timeline.add('lost', `${body.error?.message ?? body.detail ?? `Answer ${response.status}`}${from}`);
}
