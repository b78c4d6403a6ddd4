import {
  type IdempotentFetch,
  idempotentFetch,
  NoAnswerError,
  type OperationAnswer,
  type OperationInit,
} from 'latchkey/client';
import type { SeededRandom } from '../support/random.ts';

/** An answer that a client got, and that must stay the same. */
export interface Acknowledged {
  readonly name: string;
  readonly key: string;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
  readonly attempts: number;
}

const apiKey = 'sk_test_crash';
const declinedShare = 0.05;
const patience = { maxAttempts: 100, baseDelayMs: 40, maxDelayMs: 400, attemptTimeoutMs: 15_000 } as const;
const calls = 10;

/** The headers of every charge. */
export const chargeHeaders = {
  authorization: `Bearer ${apiKey}`,
  'content-type': 'application/x-www-form-urlencoded',
} as const;

/**
 * Clients that pay and retry until they get an answer. A fixed number of payments is kept pending; those affected by a
 * crash continue in the background, so that the next crash hits a busy server again.
 */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly #url: string;
  readonly #random: SeededRandom;
  readonly #width: number;
  readonly #pay: IdempotentFetch;
  readonly #fresh = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #faults: string[] = [];
  #flowing = false;
  #count = 0;

  constructor(url: string, width: number, random: SeededRandom) {
    this.#url = url;
    this.#width = width;
    this.#random = random;
    this.#pay = idempotentFetch({ ...patience, storage: 'memory', onEvent: (event) => this.#free(event.operation) });
  }

  /** Number of payments without an answer. */
  get waiting(): number {
    return this.#running.size;
  }

  /** Starts new payments. */
  flow(): void {
    this.#flowing = true;
    while (this.#fresh.size < this.#width) this.#begin();
  }

  /** Starts no more payments. */
  hold(): void {
    this.#flowing = false;
  }

  /** Resolves when every payment has its answer, with the errors of those that found none. */
  async finish(): Promise<readonly string[]> {
    this.hold();
    await Promise.all(this.#running);
    return this.#faults;
  }

  #begin(): void {
    this.#count += 1;
    const name = `payment ${this.#count}`;
    const source = this.#random.chance(declinedShare) ? 'tok_chargeDeclined' : 'tok_visa';
    const amount = String(this.#random.integer(1, 99_999));
    const body = new URLSearchParams({ amount, currency: 'usd', source, description: name }).toString();
    this.#fresh.add(name);
    const running = this.#payOnce(name, body)
      .catch((error: unknown) => this.#faults.push(`${name}: ${error}`))
      .then(() => {
        this.#running.delete(running);
        this.#free(name);
      });
    this.#running.add(running);
  }

  async #payOnce(name: string, body: string): Promise<void> {
    const init = { method: 'POST', headers: chargeHeaders, body, operation: name };
    const { response, key, attempts } = await this.#answer(init);
    this.acknowledged.push({ name, key, body, status: response.status, answer: await response.text(), attempts });
  }

  /** A call that ran out of attempts has kept its key, so the next one continues. */
  async #answer(init: OperationInit, left = calls): Promise<OperationAnswer> {
    try {
      return await this.#pay(`${this.#url}/v1/charges`, init);
    } catch (error) {
      const isOver = !(error instanceof NoAnswerError) || error.code !== 'retries-exhausted' || left === 1;
      if (isOver) throw error;
      return this.#answer(init, left - 1);
    }
  }

  #free(name: string): void {
    if (this.#fresh.delete(name) && this.#flowing) this.#begin();
  }
}
