/**
 * One delivery of one message, and what becomes of the message then.
 *
 * @module
 */

import { LeaseLostError } from '../core/errors.ts';
import type { Outbox, OutboxMessage, TakenMessage } from '../core/outbox.ts';
import { backoffMs } from '../core/support/backoff.ts';
import { type CallTools, callUntil } from '../core/support/store-call.ts';
import type { DispatcherSettings } from './options.ts';

/**
 * Delivers one message. It is done once this returns or resolves; what it throws means that it is tried again later.
 * `signal` aborts shortly before the lease ends: another dispatcher may deliver the message from then on.
 */
export type Deliver = (message: OutboxMessage, call: { readonly signal: AbortSignal }) => unknown;

/** What deliveries are made with. */
export interface DeliveryTools extends CallTools, Omit<DispatcherSettings, 'store' | 'onEvent' | 'log' | 'runtime'> {
  readonly outbox: Omit<Outbox, 'enqueue'>;
}

/** A message in the hands of a dispatcher. */
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

  /** Delivers, and settles with the outbox; never rejects. */
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

  /** Settles like the function that was given, but before the lease is over: a hung one must not hold its place for ever. */
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
      // Else it comes up again, and whoever finds it then tells of it.
      return isBuried ? emit?.({ type: 'message-dead', id, operation, name, attempts, error }) : undefined;
    }
    const limits = { baseMs: retryMs, capMs: maxRetryMs };
    const retryInMs = Math.round(backoffMs(attempts - 1, limits, runtime.random));
    emit?.({ type: 'message-failed', id, operation, name, attempts, error, retryInMs });
    await this.#settle('postpone', () => outbox.postpone(id, token, retryInMs));
  }

  /** While the lease lasts nobody else can have taken it: what is gone after a call without an answer, that call buried. */
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

  /** What can't be settled comes up again by itself, when the lease is over. */
  async #settle(during: string, call: () => Promise<boolean>): Promise<boolean> {
    const { operation } = this.#message;
    return callUntil(this.#tools, this.#deadlineMs, operation, during, call).catch(() => false);
  }
}
