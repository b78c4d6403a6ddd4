/**
 * The outbox in a MariaDB database: messages are written on the transaction's connection; all other calls are separate
 * statements.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type * as contract from '../../core/outbox.ts';
import { messageId } from '../../core/outbox.ts';
import type { Random } from '../../core/runtime.ts';
import { checkPageLimit, readCursor } from '../shared/paging.ts';
import type { MariadbConnection } from './client.ts';
import type { Connection, Inputs } from './connection.ts';
import { unreadable } from './errors.ts';
import { columnsOf, text, wholeNumber } from './row.ts';
import { checkMessage, type ServerLimits } from './server-limits.ts';
import type { Statement, Statements } from './statements.ts';

/** The parts of a {@link MariadbOutbox}. */
export interface MariadbOutboxParts<Handle extends MariadbConnection> {
  readonly connection: Connection<Handle>;
  readonly sql: Statements;
  readonly random: Random;
  /** Resolves once the server is known to be compatible. */
  readonly ready: () => Promise<ServerLimits>;
}

/** See `Outbox`. */
export class MariadbOutbox<Handle extends MariadbConnection>
  implements contract.Outbox<{ readonly handle: Handle; readonly mode: 'async' }>
{
  readonly #parts: MariadbOutboxParts<Handle>;

  constructor(parts: MariadbOutboxParts<Handle>) {
    this.#parts = parts;
  }

  async enqueue(handle: Handle, message: contract.NewMessage): Promise<boolean> {
    const { connection, sql, ready } = this.#parts;
    checkMessage(message, (await ready()).mostBytes);
    const { operationId, operation, name, payload } = message;
    const id = messageId(operationId, name);
    const inputs = { id, operation_id: operationId, operation, name, payload };
    return (await connection.runOn(handle, sql.enqueue, inputs)).affected > 0;
  }

  async take(request: contract.TakeRequest): Promise<contract.Taken> {
    checkPageLimit(request);
    const { connection, sql, random, ready } = this.#parts;
    const { limit, leaseMs, maxAttempts } = request;
    const token = random.uuid();
    await ready();
    const inputs = { most_rows: limit, lease_ms: leaseMs, token, most_attempts: maxAttempts };
    const { rows } = await connection.run(sql.takeMessages, inputs);
    const isDead = (row: unknown) => columnsOf(row)('due') === null;
    const messages = rows.filter((row) => !isDead(row)).map((row) => ({ ...messageOf(row), token }));
    return { messages, dead: rows.filter(isDead).map(listedOf) };
  }

  delivered(id: string, token: string): Promise<boolean> {
    return this.#settle(this.#parts.sql.delivered, { id, token });
  }

  postpone(id: string, token: string, delayMs: number): Promise<boolean> {
    return this.#settle(this.#parts.sql.postpone, { id, token, delay_ms: delayMs });
  }

  bury(id: string, token: string): Promise<boolean> {
    return this.#settle(this.#parts.sql.postpone, { id, token, delay_ms: null });
  }

  retry(id: string): Promise<boolean> {
    return this.#settle(this.#parts.sql.retryMessage, { id });
  }

  async list(request: contract.MessageListRequest): Promise<contract.MessagePage> {
    const [after_seq = -1] = readCursor(request, 1);
    const { connection, sql, ready } = this.#parts;
    await ready();
    const inputs = { dead: Number(request.state === 'dead'), after_seq, most_rows: request.limit + 1 };
    const { rows } = await connection.run(sql.listMessages, inputs);
    const page = rows.slice(0, request.limit);
    const messages = page.map(listedOf);
    if (rows.length <= request.limit) return { messages };
    return { messages, next: String(wholeNumber(columnsOf(page.at(-1))('seq'))) };
  }

  async #settle(statement: Statement, inputs: Inputs): Promise<boolean> {
    await this.#parts.ready();
    return (await this.#parts.connection.run(statement, inputs)).affected > 0;
  }
}

function listedOf(row: unknown): contract.ListedMessage {
  const column = columnsOf(row);
  return {
    id: text(column('id')),
    operationId: text(column('operation_id')),
    operation: text(column('operation')),
    name: text(column('name')),
    createdAtMs: wholeNumber(column('created')),
    attempts: wholeNumber(column('attempts')),
    ...(column('due') !== null && { dueAtMs: wholeNumber(column('due')) }),
  };
}

function messageOf(row: unknown): contract.OutboxMessage {
  const { dueAtMs: _, ...message } = listedOf(row);
  const payload = columnsOf(row)('payload');
  if (!Buffer.isBuffer(payload)) throw unreadable('a message has no payload');
  return { ...message, payload };
}
