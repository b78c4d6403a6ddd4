/**
 * Delivers the messages in a store's outbox.
 *
 * @example
 * ```ts
 * import { dispatcher } from 'latchkey/outbox'
 * const mails = dispatcher({ store, deliver: ({ id, payload }, { signal }) => mailer.send(id, payload, signal) })
 * process.once('SIGTERM', () => mails.close())
 * ```
 * @module
 */

export {
  type ListedMessage,
  type MessageListRequest,
  type MessagePage,
  messageId,
  type NewMessage,
  type Outbox,
  type OutboxMessage,
  type Taken,
  type TakenMessage,
  type TakeRequest,
} from '../core/outbox.ts';
export type { Deliver } from './delivery.ts';
export { type Dispatcher, dispatcher } from './dispatcher.ts';
export type { DispatcherOptions } from './options.ts';
