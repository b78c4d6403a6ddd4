/**
 * Messages that are committed together with what they tell of, and delivered afterwards: an optional part of a store
 * that has transactions.
 *
 * A message is its operation and its name: the same name in the same operation is the same message, with the same id.
 * It goes once it was delivered. One that was delivered in vain too often is dead: it stays, and waits for a person.
 *
 * @module
 */

import { digestParts } from './support/digest.ts';
import type { TransactionKind } from './transaction-kind.ts';

/** What a transaction adds. */
export interface NewMessage {
  readonly operationId: string;
  /** What people see in a list: method and path, or the function's name. */
  readonly operation: string;
  /** Tells the messages of one operation apart. No NUL characters: some drivers cut a text there. */
  readonly name: string;
  readonly payload: Uint8Array;
}

/** A message of an outbox. */
export interface OutboxMessage extends NewMessage {
  /** Derived from operation id and name, and so the same at every delivery: receivers tell repetitions by it. */
  readonly id: string;
  readonly createdAtMs: number;
  /** Deliveries that were begun, the present one included. */
  readonly attempts: number;
}

/** A message that is the caller's to deliver, for as long as its lease lasts. */
export interface TakenMessage extends OutboxMessage {
  /** Proves to `delivered`, `postpone` and `bury` who asks. */
  readonly token: string;
}

/** The arguments of {@link Outbox.take}. */
export interface TakeRequest {
  /** At most this many messages; 1 to 1000. */
  readonly limit: number;
  /** How long nobody else gets them, in milliseconds. */
  readonly leaseMs: number;
  /** A message whose delivery was begun this often dies instead of being given out: its last deliverer did. */
  readonly maxAttempts: number;
}

/** What {@link Outbox.take} answers. */
export interface Taken {
  /** Those that are the caller's now. */
  readonly messages: readonly TakenMessage[];
  /** Those that died just now, of their number of attempts. Nobody else is notified of them. */
  readonly dead: readonly ListedMessage[];
}

/** A message in a list, without its payload. */
export interface ListedMessage extends Omit<OutboxMessage, 'payload'> {
  /** When it is delivered next, or its lease ends, in milliseconds since 1970; absent if it is dead. */
  readonly dueAtMs?: number;
}

/** The arguments of {@link Outbox.list}. */
export interface MessageListRequest {
  readonly state: 'waiting' | 'dead';
  /** At most this many messages; 1 to 1000. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string;
}

/** A page of messages, the oldest first. */
export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  /** Present if there is more. */
  readonly next?: string;
}

/**
 * The messages of a store. No order among them is promised.
 *
 * @typeParam Kind - the store's transactions.
 * @example
 * ```ts
 * const added = await store.outbox.enqueue(tx, { operationId, operation, name: 'receipt', payload })
 * ```
 */
export interface Outbox<Kind extends TransactionKind = TransactionKind> {
  /**
   * Adds a message in the open transaction of a handle; it exists once that is committed. False if the operation has a
   * message of this name already, which then stays as it is. It answers at once where the store's transactions are
   * synchronous, and with a promise where they are not.
   */
  enqueue(handle: Kind['handle'], message: NewMessage): boolean | Promise<boolean>;
  /** Leases messages that are due to the caller alone. */
  take(request: TakeRequest): Promise<Taken>;
  /** Removes a message. False if it is no longer the caller's. */
  delivered(id: string, token: string): Promise<boolean>;
  /** Ends the lease, and makes the message due `delayMs` milliseconds from now. False as with `delivered`. */
  postpone(id: string, token: string, delayMs: number): Promise<boolean>;
  /** Makes a message dead. False as with `delivered`. */
  bury(id: string, token: string): Promise<boolean>;
  list(request: MessageListRequest): Promise<MessagePage>;
  /** Makes a dead message due now, with all its attempts before it. False if there is none such. */
  retry(id: string): Promise<boolean>;
}

/** The id of an operation's message of this name. */
export function messageId(operationId: string, name: string): string {
  return digestParts('message', operationId, name);
}
