/** The outbox in the simulated server: committed messages, leased to one dispatcher at a time. */

import {
  messageId,
  type NewMessage,
  type OutboxMessage,
  type Taken,
  type TakeRequest,
} from '../../../src/core/outbox.ts';
import type { History } from './history.ts';

/** The rules that a fault can turn off. */
interface PostRules {
  /** A message is kept until it was delivered. */
  readonly keepsTaken: boolean;
}

/** Its parameters. */
export interface PostParts {
  readonly history: History;
  readonly rules: PostRules;
  /** The server's clock. */
  readonly now: () => number;
}

interface Waiting {
  readonly message: Omit<OutboxMessage, 'attempts'>;
  attempts: number;
  dueAtMs: number;
  token: string;
}

/** All messages. */
export class Post {
  readonly #parts: PostParts;
  readonly #waiting = new Map<string, Waiting>();
  #tokens = 0;

  constructor(parts: PostParts) {
    this.#parts = parts;
  }

  add(message: NewMessage): void {
    const id = messageId(message.operationId, message.name);
    const createdAtMs = this.#parts.now();
    this.#waiting.set(id, { message: { ...message, id, createdAtMs }, attempts: 0, dueAtMs: createdAtMs, token: '' });
  }

  take({ limit, leaseMs }: TakeRequest): Taken {
    const now = this.#parts.now();
    const due = [...this.#waiting.values()].filter(({ dueAtMs }) => dueAtMs <= now).slice(0, limit);
    const messages = due.map((waiting) => {
      waiting.token = `d${++this.#tokens}`;
      waiting.attempts += 1;
      waiting.dueAtMs = now + leaseMs;
      if (!this.#parts.rules.keepsTaken) this.#waiting.delete(waiting.message.id);
      return { ...waiting.message, attempts: waiting.attempts, token: waiting.token };
    });
    return { messages, dead: [] };
  }

  delivered(id: string, token: string): boolean {
    return this.#waiting.get(id)?.token === token && this.#waiting.delete(id);
  }

  postpone(id: string, token: string, delayMs: number): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting?.token !== token) return false;
    waiting.dueAtMs = this.#parts.now() + delayMs;
    waiting.token = '';
    return true;
  }

  /** A recipient gets it. */
  receive(who: string, { id, operationId, name }: OutboxMessage): void {
    this.#parts.history.add({ type: 'received', who, id, operationId, name });
  }
}
