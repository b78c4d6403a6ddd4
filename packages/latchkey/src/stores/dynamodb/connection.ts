/**
 * Calls of the client, each within a time limit.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import { type Runtime, sleep } from '../../core/runtime.ts';
import { type BackoffLimits, backoffMs } from '../../core/support/backoff.ts';
import type { CallOptions, FoundItem } from './client.ts';
import { isConflict, itemOf, nameOf, toStoreError } from './errors.ts';

/** Number of attempts for a call that is refused because of a transaction on the same item. */
const conflictTries = 5;

const conflictBackoff: BackoffLimits = { baseMs: 20, capMs: 200 };

/** The item that a refused conditional write found; undefined if it found no item. */
export interface Refused {
  readonly found: FoundItem | undefined;
}

/** Makes calls until `close`. */
export class Connection {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  #closed = false;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a call.
   *
   * @throws StoreUnavailableError for any error of the client; LatchkeyError unchanged.
   */
  async make<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(call);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Makes a conditional write; if it is refused, returns the item that it found. */
  async write<T>(call: (options: CallOptions) => Promise<T>): Promise<{ readonly done: T } | Refused> {
    try {
      return { done: await this.attempt(call) };
    } catch (error) {
      if (nameOf(error) !== 'ConditionalCheckFailedException') throw toStoreError(error);
      return { found: itemOf(error) };
    }
  }

  /** Makes a call, repeats it while a transaction is in the way, and throws the client's errors. */
  async attempt<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#bounded(call);
      } catch (error) {
        if (!isConflict(error) || retry + 1 >= conflictTries) throw error;
        await sleep(this.#runtime.timers, backoffMs(retry, conflictBackoff, this.#runtime.random));
      }
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #bounded<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError('The DynamoDB store was closed.');
    const controller = new AbortController();
    const timer = this.#runtime.timers.set(() => controller.abort(), this.#timeoutMs);
    try {
      return await call({ abortSignal: controller.signal });
    } finally {
      this.#runtime.timers.clear(timer);
    }
  }
}
