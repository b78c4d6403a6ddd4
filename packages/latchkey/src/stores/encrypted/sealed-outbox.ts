/**
 * Encrypts the payloads of messages. Ids, names of operations and messages, and times are not encrypted.
 *
 * @module
 */

import type * as contract from '../../core/outbox.ts';
import { messageId } from '../../core/outbox.ts';
import type { Place } from './envelope.ts';

/** The parts of a {@link SealedOutbox}. */
export interface Sealing {
  /** Encrypts with the key that was already fetched, since a synchronous transaction cannot wait for one. */
  seal(place: Place, bytes: Uint8Array): Uint8Array;
  open(place: Place, sealed: Uint8Array): Promise<Uint8Array>;
}

/** See `Outbox`. */
export class SealedOutbox implements contract.Outbox {
  readonly #outbox: contract.Outbox;
  readonly #sealing: Sealing;

  constructor(outbox: contract.Outbox, sealing: Sealing) {
    this.#outbox = outbox;
    this.#sealing = sealing;
  }

  enqueue(handle: unknown, message: contract.NewMessage): boolean | Promise<boolean> {
    const place = placeOf({ ...message, id: messageId(message.operationId, message.name) });
    return this.#outbox.enqueue(handle, { ...message, payload: this.#sealing.seal(place, message.payload) });
  }

  /**
   * A message that cannot be decrypted does not block the others: it is retried when its lease ends, and finally
   * counts as dead, but is never lost.
   */
  async take(request: contract.TakeRequest): Promise<contract.Taken> {
    const { messages, dead } = await this.#outbox.take(request);
    const opened = await Promise.allSettled(messages.map((message) => this.#open(message)));
    const readable = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const fault = opened.find((outcome) => outcome.status === 'rejected');
    if (fault !== undefined && readable.length === 0 && dead.length === 0) throw fault.reason;
    return { messages: readable, dead };
  }

  delivered(id: string, token: string): Promise<boolean> {
    return this.#outbox.delivered(id, token);
  }

  postpone(id: string, token: string, delayMs: number): Promise<boolean> {
    return this.#outbox.postpone(id, token, delayMs);
  }

  bury(id: string, token: string): Promise<boolean> {
    return this.#outbox.bury(id, token);
  }

  list(request: contract.MessageListRequest): Promise<contract.MessagePage> {
    return this.#outbox.list(request);
  }

  retry(id: string): Promise<boolean> {
    return this.#outbox.retry(id);
  }

  async #open(message: contract.TakenMessage): Promise<contract.TakenMessage> {
    return { ...message, payload: await this.#sealing.open(placeOf(message), message.payload) };
  }
}

function placeOf({ id, operationId, name }: Pick<contract.OutboxMessage, 'id' | 'operationId' | 'name'>): Place {
  return { id, operationId, kind: 'message', name };
}
