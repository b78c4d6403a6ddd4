/**
 * Messages that are committed together with a handler's writes and delivered afterwards: an optional part of a store
 * with transactions.
 *
 * A message is its operation and its name: the same name in the same operation is the same message, with the same id.
 * It is removed after its delivery. After too many failed deliveries it is dead: it is kept until a person retries it.
 *
 * @module
 */

import { digestParts } from './support/digest.ts';
import type { TransactionKind } from './transaction-kind.ts';

/** A message to be added in a transaction. */
export interface NewMessage {
  readonly operationId: string;
  /** The name in lists: method and path, or the function's name. */
  readonly operation: string;
  /** Unique within the operation. No NUL characters, at which some drivers truncate strings. */
  readonly name: string;
  readonly payload: Uint8Array;
}

/** A message of an outbox. */
export interface OutboxMessage extends NewMessage {
  /**
   * Derived from operation id and name, so it is the same at every delivery; receivers use it to detect repetitions.
   */
  readonly id: string;
  readonly createdAtMs: number;
  /** Number of begun deliveries, including the present one. */
  readonly attempts: number;
}

/** A message that is leased to the caller for delivery. */
export interface TakenMessage extends OutboxMessage {
  /** Proves ownership to `delivered`, `postpone` and `bury`. */
  readonly token: string;
}

/** The arguments of {@link Outbox.take}. */
export interface TakeRequest {
  /** Maximum number of messages, 1 to 1,000. */
  readonly limit: number;
  /** How long no other caller gets them, in milliseconds. */
  readonly leaseMs: number;
  /** A message with this many begun deliveries becomes dead instead, since its last dispatcher did not finish. */
  readonly maxAttempts: number;
}

/** The result of {@link Outbox.take}. */
export interface Taken {
  /** The messages leased to the caller. */
  readonly messages: readonly TakenMessage[];
  /** Messages that this call made dead because of their number of attempts. No other caller gets them. */
  readonly dead: readonly ListedMessage[];
}

/** A message in a list, without its payload. */
export interface ListedMessage extends Omit<OutboxMessage, 'payload'> {
  /** When it is due or its lease ends, in milliseconds since the epoch; absent if it is dead. */
  readonly dueAtMs?: number;
}

/** The arguments of {@link Outbox.list}. */
export interface MessageListRequest {
  readonly state: 'waiting' | 'dead';
  /** Maximum number of messages, 1 to 1,000. */
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly cursor?: string;
}

/** A page of messages, the oldest first. */
export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  /** Present if there is more. */
  readonly next?: string;
}

/**
 * The messages of a store, without a guaranteed order.
 *
 * @typeParam Kind - the store's transactions.
 * @example
 * ```ts
 * const added = await store.outbox.enqueue(tx, { operationId, operation, name: 'receipt', payload })
 * ```
 */
export interface Outbox<Kind extends TransactionKind = TransactionKind> {
  /**
   * Adds a message in the open transaction of a handle; it exists once that is committed. Returns false if the
   * operation already has a message of this name, which is not changed. The result is a promise if the store's
   * transactions are asynchronous.
   */
  enqueue(handle: Kind['handle'], message: NewMessage): boolean | Promise<boolean>;
  /** Leases due messages to the caller. */
  take(request: TakeRequest): Promise<Taken>;
  /** Removes a delivered message. Returns false if the caller no longer owns it. */
  delivered(id: string, token: string): Promise<boolean>;
  /** Ends the lease and makes the message due in `delayMs` milliseconds. Returns false as `delivered` does. */
  postpone(id: string, token: string, delayMs: number): Promise<boolean>;
  /** Makes a message dead. Returns false as `delivered` does. */
  bury(id: string, token: string): Promise<boolean>;
  list(request: MessageListRequest): Promise<MessagePage>;
  /** Makes a dead message due now and resets its attempts. Returns false if there is no such message. */
  retry(id: string): Promise<boolean>;
}

/** The id of an operation's message of this name. */
export function messageId(operationId: string, name: string): string {
  return digestParts('message', operationId, name);
}
