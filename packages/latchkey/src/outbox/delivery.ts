/**
 * One delivery of one message, and the update of the outbox after it.
 *
 * @module
 */

import { LeaseLostError } from '../core/errors.ts';
import type { Outbox, OutboxMessage, TakenMessage } from '../core/outbox.ts';
import { backoffMs } from '../core/support/backoff.ts';
import { type CallTools, callUntil } from '../core/support/store-call.ts';
import type { DispatcherSettings } from './options.ts';

/**
 * Delivers one message. The message is removed when this function returns or resolves, and retried later if it throws.
 * `signal` aborts shortly before the lease ends, after which another dispatcher may deliver the message.
 */
export type Deliver = (message: OutboxMessage, call: { readonly signal: AbortSignal }) => unknown;

/** The dependencies of a delivery. */
export interface DeliveryTools extends CallTools, Omit<DispatcherSettings, 'store' | 'onEvent' | 'log' | 'runtime'> {
  readonly outbox: Omit<Outbox, 'enqueue'>;
}

/** A leased message and its delivery. */
export class Delivery {
  readonly #tools: DeliveryTools;
  readonly #message: TakenMessage;
  /** On the monotonic clock. */
  readonly #deadlineMs: number;

  constructor(tools: DeliveryTools, message: TakenMessage, deadlineMs: number) {
    this.#tools = tools;
    this.#message = message;
    this.#deadlineMs = deadlineMs;
  }

  /** Delivers the message and updates the outbox; never rejects. */
  async run(): Promise<void> {
    try {
      await this.#deliver();
    } catch (error) {
      return this.#failed(error);
    }
    const { outbox, emit } = this.#tools;
    const { id, token, operation, name, attempts } = this.#message;
    if (await this.#settle('delivered', () => outbox.delivered(id, token)))
      emit?.({ type: 'message-delivered', id, operation, name, attempts });
  }

  /** Settles like `deliver`, but at the latest before the lease ends, so that a hung delivery does not block others. */
  #deliver(): Promise<unknown> {
    const { deliver, runtime } = this.#tools;
    const { token: _, ...message } = this.#message;
    const controller = new AbortController();
    const leftMs = this.#deadlineMs - runtime.clock.monotonic();
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const late = new LeaseLostError('The delivery took longer than its lease.');
        controller.abort(late);
        reject(late);
      };
      if (leftMs <= 0) return giveUp();
      const timer = runtime.timers.set(giveUp, leftMs);
      const delivering = Promise.resolve().then(() => deliver(message, { signal: controller.signal }));
      delivering.then(resolve, reject).finally(() => runtime.timers.clear(timer));
    });
  }

  async #failed(error: unknown): Promise<void> {
    const { outbox, emit, maxAttempts, retryMs, maxRetryMs, runtime } = this.#tools;
    const { id, token, operation, name, attempts } = this.#message;
    if (attempts >= maxAttempts) {
      const isBuried = await this.#bury();
      // Otherwise the message becomes due again, and the dispatcher that takes it then reports it.
      return isBuried ? emit?.({ type: 'message-dead', id, operation, name, attempts, error }) : undefined;
    }
    const limits = { baseMs: retryMs, capMs: maxRetryMs };
    const retryInMs = Math.round(backoffMs(attempts - 1, limits, runtime.random));
    emit?.({ type: 'message-failed', id, operation, name, attempts, error, retryInMs });
    await this.#settle('postpone', () => outbox.postpone(id, token, retryInMs));
  }

  /**
   * During the lease only this delivery can bury the message: if an unanswered call is followed by "gone", that call
   * did it.
   */
  async #bury(): Promise<boolean> {
    const { outbox } = this.#tools;
    const { id, token } = this.#message;
    let calls = 0;
    let isAnswered = false;
    const isBuried = await this.#settle('bury', async () => {
      calls += 1;
      const buried = await outbox.bury(id, token);
      isAnswered = true;
      return buried;
    });
    return isBuried || (isAnswered && calls > 1);
  }

  /** If the outbox can't be updated, the message becomes due again when the lease ends. */
  async #settle(during: string, call: () => Promise<boolean>): Promise<boolean> {
    const { operation } = this.#message;
    return callUntil(this.#tools, this.#deadlineMs, operation, during, call).catch(() => false);
  }
}
