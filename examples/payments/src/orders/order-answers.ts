import { cardDeclined, errorBody } from '../api/stripe-error.ts';
import type { Answer } from '../records.ts';
import type { OrderOutcome } from './order-flow.ts';

/** The API's answer for an order's outcome. */
export function orderAnswer(outcome: OrderOutcome): Answer {
  if ('paid' in outcome) return { status: 200, body: outcome.paid };
  if (outcome.refused === 'declined') return { status: 402, body: errorBody(cardDeclined()) };
  const message = 'There is not enough of this product.';
  return {
    status: 400,
    body: errorBody({ type: 'invalid_request_error', code: 'out_of_stock', param: 'quantity', message }),
  };
}

/** The answer when the provider did not answer: the order is undecided, and a retry with the same key continues it. */
export function silentAnswer(): Answer {
  const message =
    'The card provider gave no answer. Send the order again with the same key; it goes on where it stopped.';
  return { status: 502, body: errorBody({ type: 'api_error', code: 'provider_silent', message }) };
}
