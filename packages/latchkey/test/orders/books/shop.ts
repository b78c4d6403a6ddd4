/**
 * A shop whose orders take four steps: stock is reserved, a card is charged at a provider in another process, the order
 * is written, a mail is sent. Each store's shop keeps its books like users of that store.
 */

import type { OperatorStore, TransactionKind } from '../../../src/core/store.ts';
import type { HttpContext } from '../../../src/http/layer.ts';
import type { Answer } from '../../../src/http/options.ts';

export interface Order {
  readonly id: string;
  readonly amount: number;
}

/** Runs an order in a framework's handler; `finish` may have sent the answer already. */
export type Place<Kind extends TransactionKind> = <Finished>(
  order: Order,
  context: HttpContext<Kind, Finished>,
) => Promise<Answer | Finished>;

/** A shop in one process. */
export interface Shop<Kind extends TransactionKind> {
  readonly store: OperatorStore<Kind>;
  readonly place: Place<Kind>;
  close(): Promise<void>;
}

/** The final state of the books. */
export interface Books {
  readonly orders: readonly { readonly order: string; readonly charge: string }[];
  readonly reserved: number;
  readonly mails: readonly string[];
}

/** An attempt must end well within a lease, although the provider sometimes hangs. */
const patience = { attemptTimeoutMs: 700, maxAttempts: 3, baseDelayMs: 20, maxDelayMs: 100 } as const;

/** Charges the card; undefined if it was declined. */
export async function pay<Kind extends TransactionKind, Finished>(
  { id, amount }: Order,
  context: HttpContext<Kind, Finished>,
  provider: string,
): Promise<string | undefined> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ amount, currency: 'usd', reference: id }),
  };
  const response = await context.fetch('charge', `${provider}/v1/charges`, init, patience);
  if (response.status === 402) return undefined;
  if (!response.ok) throw new Error(`The provider answered ${response.status}.`);
  const charge = (await response.json()) as { readonly id: string };
  return charge.id;
}

/** Delivers the mails that orders put into the outbox. */
export const mailing = { leaseMs: 2_000, maxAttempts: 1_000 } as const;

/** The order that a mail is about. */
export const mailed = (payload: Uint8Array): string => String(JSON.parse(Buffer.from(payload).toString()));

export const placed = ({ id }: Order, charge: string): Answer => ({ status: 201, body: { order: id, charge } });

export const declined = ({ id }: Order): Answer => ({ status: 402, body: { order: id, error: 'declined' } });
