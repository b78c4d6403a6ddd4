/**
 * Takes messages from an outbox and delivers each at least once.
 *
 * @module
 */

import { safetyMarginMs } from '../core/engine/lease.ts';
import { LatchkeyError, LeaseLostError } from '../core/errors.ts';
import { createEmit } from '../core/log.ts';
import { readOptions } from '../core/options/read-options.ts';
import type { ListedMessage, Taken } from '../core/outbox.ts';
import { sleep } from '../core/runtime.ts';
import { backoffMs } from '../core/support/backoff.ts';
import { withTimeLimit } from '../core/support/store-call.ts';
import { Delivery, type DeliveryTools } from './delivery.ts';
import { type DispatcherOptions, dispatcherTable } from './options.ts';

/** A running dispatcher. */
export interface Dispatcher {
  /** Takes no more messages, and resolves when the running deliveries have ended. */
  close(): Promise<void>;
}

/**
 * Starts a dispatcher. Any number of dispatchers in any number of processes may share an outbox: during its lease only
 * one has a message. A message is delivered at least once and always with the same id; after a crash or a late answer
 * it is delivered again. The dispatcher keeps the process alive until it is closed.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `outbox-unsupported`.
 * @example
 * ```ts
 * const running = dispatcher({
 *   store,
 *   deliver: async ({ id, payload }, { signal }) => {
 *     await fetch(webhook, { method: 'POST', body: Buffer.from(payload), headers: { 'idempotency-key': id }, signal })
 *   },
 * })
 * ```
 */
export function dispatcher(options: DispatcherOptions): Dispatcher {
  const { store, onEvent, log, ...settings } = readOptions('dispatcher', dispatcherTable, options);
  const { outbox } = store;
  if (outbox === undefined)
    throw new LatchkeyError(
      'outbox-unsupported',
      'dispatcher: store must have an outbox; SQLite, PostgreSQL and MariaDB have one.',
    );
  return new Loop({ ...settings, outbox, emit: createEmit({ onEvent, log, runtime: settings.runtime }) });
}

class Loop implements Dispatcher {
  readonly #tools: DeliveryTools;
  readonly #active = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(tools: DeliveryTools) {
    this.#tools = tools;
    this.#ended = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let idle = 0; !this.#closing.signal.aborted; ) {
      const room = this.#tools.concurrency - this.#active.size;
      if (room === 0) await Promise.race(this.#active);
      else {
        const taken = await this.#deliverSome(room);
        idle = taken === 0 ? idle + 1 : 0;
        if (taken < room) await this.#rest(idle);
      }
    }
    await Promise.all(this.#active);
  }

  async #deliverSome(limit: number): Promise<number> {
    const { runtime, leaseMs } = this.#tools;
    const deadlineMs = runtime.clock.monotonic() + leaseMs - safetyMarginMs(leaseMs);
    const { messages, dead } = await this.#take(limit);
    for (const message of dead) this.#tellDead(message);
    for (const message of messages) {
      const delivery = new Delivery(this.#tools, message, deadlineMs).run();
      this.#active.add(delivery);
      void delivery.finally(() => this.#active.delete(delivery));
    }
    return messages.length + dead.length;
  }

  async #take(limit: number): Promise<Taken> {
    const { outbox, runtime, leaseMs, maxAttempts, emit } = this.#tools;
    try {
      return await withTimeLimit(runtime, leaseMs, outbox.take({ limit, leaseMs, maxAttempts }));
    } catch (error) {
      emit?.({ type: 'store-error', operation: 'outbox', during: 'take', error });
      return { messages: [], dead: [] };
    }
  }

  /** The dispatchers of its deliveries have died, or can no longer report it. */
  #tellDead({ id, operation, name, attempts }: ListedMessage): void {
    const error = new LeaseLostError('The last delivery of this message did not end within its lease.');
    this.#tools.emit?.({ type: 'message-dead', id, operation, name, attempts, error });
  }

  #rest(idle: number): Promise<void> {
    const { runtime, pollMs, maxPollMs } = this.#tools;
    const delayMs = backoffMs(idle, { baseMs: pollMs, capMs: maxPollMs }, runtime.random);
    return sleep(runtime.timers, delayMs, this.#closing.signal);
  }
}
