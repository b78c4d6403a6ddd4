import { cardDeclined, errorBody } from '../api/stripe-error.ts';
import type { Charge } from '../charges.ts';
import type { Answer } from '../records.ts';
import type { Order } from './order.ts';

/** The answer for a payment's outcome: for a plain form, or for the page's script. */
export interface Answers {
  paid(order: Order, charge: Charge): Answer;
  declined(order: Order): Answer;
}

/** A form is redirected to the page with the outcome, so that a reload pays nothing. */
export const formAnswers: Answers = {
  paid: ({ number }) => ({ status: 303, headers: { Location: `/?paid=${number}` } }),
  declined: ({ number }) => ({ status: 303, headers: { Location: `/?declined=${number}` } }),
};

/** A script gets the API's answer. */
export const scriptAnswers: Answers = {
  paid: (_order, charge) => ({ status: 200, body: charge }),
  declined: () => ({ status: 402, body: errorBody(cardDeclined()) }),
};
