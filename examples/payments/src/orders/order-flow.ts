/**
 * An order in four steps: reserve the goods, charge the card, write the order, send the mail. If the server dies in
 * between, the next attempt resumes after the last saved step.
 */

import type { Flow } from '../records.ts';
import type { CardOutcome, CardProvider } from './card-provider.ts';
import type { OrderBook, OrderRequest, PlacedOrder } from './order-book.ts';
import type { OrderHead, Progress, StepName } from './order-progress.ts';

/** The dependencies of an order. */
export interface OrderTools {
  readonly book: OrderBook;
  readonly progress: Progress;
  readonly provider: CardProvider;
}

/** The outcome of an order. */
export type OrderOutcome = { readonly paid: PlacedOrder } | { readonly refused: 'out-of-stock' | 'declined' };

/** Called when a step was carried out and saved. */
export type AfterStep = (step: StepName) => void;

/**
 * Carries out an order.
 *
 * @throws ProviderSilentError if the provider gave no answer; the saved steps are kept for the next attempt.
 */
export async function placeOrder(
  tools: OrderTools,
  flow: Flow,
  order: OrderRequest,
  afterStep: AfterStep = () => {},
): Promise<OrderOutcome> {
  return new OrderRun(tools, flow, order, afterStep).run();
}

class OrderRun {
  readonly #tools: OrderTools;
  readonly #flow: Flow;
  readonly #order: OrderRequest;
  readonly #afterStep: AfterStep;
  readonly #head: OrderHead;

  constructor(tools: OrderTools, flow: Flow, order: OrderRequest, afterStep: AfterStep) {
    this.#tools = tools;
    this.#flow = flow;
    this.#order = order;
    this.#afterStep = afterStep;
    const title = `${order.quantity} × ${order.product}`;
    this.#head = { operationId: flow.operationId, account: order.account, title };
  }

  async run(): Promise<OrderOutcome> {
    const { book, progress } = this.#tools;
    progress.begin(this.#head);
    if (!(await this.#reserve())) return this.#refuse('out-of-stock');
    const card = await this.#charge();
    if ('declined' in card) return this.#giveBack();
    await this.#write(card.paid);
    const placed = book.written(this.#flow.operationId);
    await this.#mail(placed);
    progress.end(this.#head, 'paid');
    return { paid: placed };
  }

  #reserve(): Promise<boolean> {
    const { product, quantity } = this.#order;
    return this.#noted('reserve', (begin) =>
      this.#flow.atomic(
        'reserve',
        begin(() => this.#tools.book.reserve(this.#flow.operationId, product, quantity)),
      ),
    );
  }

  #charge(): Promise<CardOutcome> {
    const { provider } = this.#tools;
    const { amount, source } = this.#order;
    const payment = { amount, currency: 'usd', reference: this.#flow.operationId };
    return this.#noted('charge', (begin) =>
      this.#flow.step(
        'charge',
        begin((tools) => provider.charge(tools, payment, source)),
      ),
    );
  }

  #write(charge: string): Promise<boolean> {
    return this.#noted('order', (begin) =>
      this.#flow.atomic(
        'order',
        begin(() => {
          this.#tools.book.write(this.#flow.operationId, this.#order, charge);
          return true;
        }),
      ),
    );
  }

  /** A mail can't be undone either: its id is the step's key, by which a mail service detects repetitions. */
  #mail({ id }: PlacedOrder): Promise<boolean> {
    return this.#noted('mail', (begin) =>
      this.#flow.step(
        'mail',
        begin(({ idempotencyKey }) => {
          this.#tools.book.mail(idempotencyKey, id);
          return true;
        }),
      ),
    );
  }

  async #giveBack(): Promise<OrderOutcome> {
    await this.#flow.atomic('give-back', () => {
      this.#tools.book.giveBack(this.#flow.operationId);
      return true;
    });
    return this.#refuse('declined');
  }

  #refuse(refused: 'out-of-stock' | 'declined'): OrderOutcome {
    this.#tools.progress.end(this.#head, 'refused');
    return { refused };
  }

  /** Shows on the page what this attempt does at a step; `begin` wraps the code that only runs if nothing was saved. */
  async #noted<T>(step: StepName, make: (begin: Begin) => Promise<T>): Promise<T> {
    const { attempt } = this.#flow;
    let ran = false;
    const result = await make((fn) => (...args) => {
      ran = true;
      return fn(...args);
    });
    this.#tools.progress.note(this.#head, { step, attempt, doing: ran ? 'ran' : 'resumed' });
    if (ran) this.#afterStep(step);
    return result;
  }
}

type Begin = <Args extends readonly unknown[], T>(fn: (...args: Args) => T) => (...args: Args) => T;
