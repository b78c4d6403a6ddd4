/** Customers who retry their orders until they are answered, and their answers. */

import { idempotentFetch, NoAnswerError, type OperationAnswer, type OperationInit } from '../../src/client/index.ts';
import type { Order } from './books/shop.ts';

/** An answer that a customer got, and that must stay the same. */
export interface Told {
  readonly order: Order;
  readonly key: string;
  readonly status: number;
  readonly body: string;
  readonly attempts: number;
}

type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

const patience = {
  maxAttempts: 100,
  baseDelayMs: 20,
  maxDelayMs: 500,
  attemptTimeoutMs: 8_000,
  totalTimeoutMs: 600_000,
} as const;
const url = 'http://shop/orders';
const headers = { 'content-type': 'application/json' } as const;

/** Keeps `width` orders pending. */
export class Customers {
  readonly told: Told[] = [];
  readonly faults: string[] = [];
  readonly #send: Fetch;
  readonly #fraction: () => number;
  readonly #order: ReturnType<typeof idempotentFetch>;
  #isOpen = true;
  #count = 0;
  readonly #all: Promise<unknown>;

  constructor(width: number, send: Fetch, fraction: () => number) {
    this.#send = send;
    this.#fraction = fraction;
    this.#order = idempotentFetch({ ...patience, storage: 'memory', fetch: send });
    this.#all = Promise.all(Array.from({ length: width }, () => this.#come()));
  }

  /** Accepts no more customers, and resolves when all have an answer. */
  async finish(): Promise<void> {
    this.#isOpen = false;
    await this.#all;
  }

  /** Sends every request once more; another answer than before is a violation. */
  async askAgain(): Promise<void> {
    const queue = [...this.told];
    const work = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) await this.#askOnceMore(next);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }

  async #come(): Promise<void> {
    while (this.#isOpen) {
      this.#count += 1;
      const order = { id: `order-${this.#count}`, amount: 1 + Math.floor(this.#fraction() * 10_000) };
      await this.#place(order).catch((error: unknown) => this.faults.push(`${order.id}: ${error}`));
    }
  }

  async #place(order: Order): Promise<void> {
    const init = { method: 'POST', headers, body: JSON.stringify(order), operation: order.id };
    const { response, key, attempts } = await this.#answer(init);
    this.told.push({ order, key, status: response.status, body: await response.text(), attempts });
  }

  /** A call that ran out of attempts has kept its key, so the next one continues. */
  async #answer(init: OperationInit): Promise<OperationAnswer> {
    try {
      return await this.#order(url, init);
    } catch (error) {
      if (error instanceof NoAnswerError && error.code === 'retries-exhausted') return this.#answer(init);
      throw error;
    }
  }

  async #askOnceMore({ order, key, status, body }: Told): Promise<void> {
    const fields = { ...headers, 'idempotency-key': `"${key}"` };
    const response = await this.#send(url, { method: 'POST', headers: fields, body: JSON.stringify(order) });
    const again = await response.text();
    const isReplay = response.headers.get('idempotent-replayed') === 'true';
    if (isReplay && response.status === status && again === body) return;
    this.faults.push(`${order.id}: was told ${status} ${body}, and then ${response.status} ${again}`);
  }
}
