/**
 * The outbox in a PostgreSQL database: messages are written in the user's own transaction; all other calls are
 * separate statements.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type * as contract from '../../core/outbox.ts';
import { messageId } from '../../core/outbox.ts';
import { checkPageLimit } from '../shared/paging.ts';
import type { PostgresValue } from './bridges/bridge.ts';
import type { Connection } from './connection.ts';
import { cursorAt, placeAfter } from './records.ts';
import { bytesIn, columnIn, nameIn, numberIn, pack, type Row, textIn } from './row.ts';
import type { StatementName } from './statements.ts';

/** See `Outbox`. */
export class PostgresOutbox<Tx> implements contract.Outbox<{ readonly handle: Tx; readonly mode: 'async' }> {
  readonly #connection: Connection<Tx>;

  constructor(connection: Connection<Tx>) {
    this.#connection = connection;
  }

  async enqueue(handle: Tx, message: contract.NewMessage): Promise<boolean> {
    const { operationId, operation, name, payload } = message;
    const added = await this.#connection.runIn(handle, 'outbox-enqueue', [
      pack(messageId(operationId, name)),
      pack(operationId),
      Buffer.from(name),
      // PostgreSQL text cannot hold a NUL, and this one is only displayed.
      operation.replaceAll('\0', '\uFFFD'),
      payload,
    ]);
    return added.length > 0;
  }

  async take(request: contract.TakeRequest): Promise<contract.Taken> {
    checkPageLimit(request);
    const { limit, leaseMs, maxAttempts } = request;
    const token = this.#connection.parts.runtime.random.uuid();
    const rows = await this.#connection.run('outbox-take', [limit, leaseMs, pack(token), maxAttempts]);
    const isDead = (row: Row) => columnIn(row, 'due') === null;
    const messages = rows.filter((row) => !isDead(row)).map((row) => ({ ...messageOf(row), token }));
    return { messages, dead: rows.filter(isDead).map(listedOf) };
  }

  delivered(id: string, token: string): Promise<boolean> {
    return this.#settle('outbox-delivered', [pack(id), pack(token)]);
  }

  postpone(id: string, token: string, delayMs: number): Promise<boolean> {
    return this.#settle('outbox-postpone', [pack(id), pack(token), delayMs]);
  }

  bury(id: string, token: string): Promise<boolean> {
    return this.#settle('outbox-postpone', [pack(id), pack(token), null]);
  }

  retry(id: string): Promise<boolean> {
    return this.#settle('outbox-retry', [pack(id)]);
  }

  async list(request: contract.MessageListRequest): Promise<contract.MessagePage> {
    const place = placeAfter(request);
    const rows = await this.#connection.run('outbox-list', [request.state === 'dead', ...place, request.limit + 1]);
    const messages = rows.slice(0, request.limit).map(listedOf);
    const last = messages.at(-1);
    if (rows.length <= request.limit || last === undefined) return { messages };
    return { messages, next: cursorAt(last.createdAtMs, last.id) };
  }

  async #settle(name: StatementName, values: readonly PostgresValue[]): Promise<boolean> {
    return (await this.#connection.run(name, values)).length > 0;
  }
}

function listedOf(row: Row): contract.ListedMessage {
  return {
    id: nameIn(row, 'id'),
    operationId: nameIn(row, 'operationid'),
    operation: textIn(row, 'operation'),
    name: bytesIn(row, 'name').toString(),
    createdAtMs: numberIn(row, 'created'),
    attempts: numberIn(row, 'attempts'),
    ...(columnIn(row, 'due') !== null && { dueAtMs: numberIn(row, 'due') }),
  };
}

function messageOf(row: Row): contract.OutboxMessage {
  const { dueAtMs: _, ...message } = listedOf(row);
  return { ...message, payload: bytesIn(row, 'payload') };
}
