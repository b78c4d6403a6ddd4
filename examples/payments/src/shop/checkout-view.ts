import type { Request, Response } from 'express';
import { checkoutPage } from './checkout-page.ts';
import { currentKey, orderNumber, welcomeBuyer } from './cookies.ts';
import type { Ledger, LedgerView } from './ledger.ts';
import { sendPage } from './page-frame.ts';

type Notice = { readonly kind: 'good' | 'bad'; readonly text: string };

/** Shows the checkout. A buyer who comes from a payment sees its outcome, and gets a new order's key. */
export function showCheckout(ledger: Ledger) {
  return (request: Request, response: Response): void => {
    const accounts = welcomeBuyer(request, response);
    const paid = numberIn(request.query['paid']);
    const declined = numberIn(request.query['declined']);
    const key = currentKey(request, response, paid ?? declined ?? numberIn(request.query['dropped']));
    const view = ledger.read(accounts);
    const notice = declined ? declinedNotice(declined) : paidNotice(paid, view);
    const page = checkoutPage({ key, number: orderNumber(key), ledger: view, ...(notice && { notice }) });
    sendPage(response, 200, 'Checkout', page);
  };
}

function numberIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9A-F]{8}$/.test(value) ? value : undefined;
}

function declinedNotice(number: string): Notice {
  return { kind: 'bad', text: `Order ${number}: the card was declined. Nothing was charged; try another card.` };
}

/** The address is not proof; the ledger is. */
function paidNotice(number: string | undefined, { keyed, naive }: LedgerView): Notice | undefined {
  if (number === undefined) return undefined;
  const known = [...keyed, ...naive].some(({ description }) => description === `Order ${number}`);
  return known ? { kind: 'good', text: `Order ${number} is paid. Thank you.` } : undefined;
}
