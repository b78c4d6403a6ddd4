/**
 * The outbox in an SQLite file: messages are written on the transaction's handle; all other calls go through the
 * store's queue.
 *
 * @module
 */

import type * as contract from '../../core/outbox.ts';
import { messageId } from '../../core/outbox.ts';
import type { Runtime } from '../../core/runtime.ts';
import { checkPageLimit, readCursor } from '../shared/paging.ts';
import type { SqliteDatabase, SqliteValue } from './client.ts';
import { type CommitQueue, mustWrite } from './commit-queue.ts';
import { outboxColumns } from './migrations.ts';
import { blobIn, blobValue, columnsOf, isMissing, packDigest, packUuid, text, unpack, wholeNumber } from './row.ts';

const insert = `
INSERT INTO latchkey_outbox (id, due, attempts, created, operation_id, name, operation, payload)
VALUES (?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

const findDue = 'SELECT 1 FROM latchkey_outbox WHERE due <= ? LIMIT 1';

const due = 'SELECT seq FROM latchkey_outbox WHERE due <= ? AND attempts < ? ORDER BY due LIMIT ?';

const bury = `
UPDATE latchkey_outbox SET due = NULL, token = NULL WHERE seq IN (
  SELECT seq FROM latchkey_outbox WHERE due <= ? AND attempts >= ? ORDER BY due LIMIT ?
) RETURNING ${outboxColumns}`;

const take = `
UPDATE latchkey_outbox SET due = ?, token = ?, attempts = attempts + 1 WHERE seq IN (${due})
RETURNING ${outboxColumns}, payload`;

const settle = {
  delivered: 'DELETE FROM latchkey_outbox WHERE id = ? AND token = ?',
  postpone: 'UPDATE latchkey_outbox SET due = ?, token = NULL WHERE id = ? AND token = ?',
  bury: 'UPDATE latchkey_outbox SET due = NULL, token = NULL WHERE id = ? AND token = ?',
  retry: 'UPDATE latchkey_outbox SET due = ?, attempts = 0 WHERE id = ? AND due IS NULL',
};

const lists = {
  waiting: `SELECT seq, ${outboxColumns} FROM latchkey_outbox WHERE due IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?`,
  dead: `SELECT seq, ${outboxColumns} FROM latchkey_outbox WHERE due IS NULL AND seq > ? ORDER BY seq LIMIT ?`,
};

/** The parts of an {@link SqliteOutbox}. */
export interface SqliteOutboxParts {
  readonly db: SqliteDatabase;
  readonly queue: CommitQueue;
  readonly runtime: Runtime;
}

/** See `Outbox`. */
export class SqliteOutbox<Handle extends SqliteDatabase>
  implements contract.Outbox<{ readonly handle: Handle; readonly mode: 'sync' }>
{
  readonly #parts: SqliteOutboxParts;

  constructor(parts: SqliteOutboxParts) {
    this.#parts = parts;
  }

  enqueue(handle: Handle, message: contract.NewMessage): boolean {
    const { operationId, operation, name, payload } = message;
    const nowMs = this.#parts.runtime.clock.now();
    const id = packDigest(messageId(operationId, name));
    const values = [id, nowMs, nowMs, packUuid(operationId), name, operation, blobValue(payload)];
    return changed(handle.prepare(insert).run(...values));
  }

  /** If nothing is due, nothing is written and no lock is taken. */
  async take(request: contract.TakeRequest): Promise<contract.Taken> {
    checkPageLimit(request);
    const { limit, leaseMs, maxAttempts } = request;
    const { db, queue, runtime } = this.#parts;
    const token = runtime.random.uuid();
    return queue.run<contract.Taken>({
      readFirst: true,
      read: (nowMs) => (isMissing(db.prepare(findDue).get(nowMs)) ? { messages: [], dead: [] } : mustWrite),
      write: (nowMs) => {
        const dead = db.prepare(bury).all(nowMs, maxAttempts, limit).map(listedOf);
        const rows = db.prepare(take).all(nowMs + leaseMs, packUuid(token), nowMs, maxAttempts, limit);
        return { messages: rows.map((row) => ({ ...messageOf(row), token })), dead };
      },
    });
  }

  delivered(id: string, token: string): Promise<boolean> {
    return this.#write(settle.delivered, () => [packDigest(id), packUuid(token)]);
  }

  postpone(id: string, token: string, delayMs: number): Promise<boolean> {
    return this.#write(settle.postpone, (nowMs) => [nowMs + delayMs, packDigest(id), packUuid(token)]);
  }

  bury(id: string, token: string): Promise<boolean> {
    return this.#write(settle.bury, () => [packDigest(id), packUuid(token)]);
  }

  retry(id: string): Promise<boolean> {
    return this.#write(settle.retry, (nowMs) => [nowMs, packDigest(id)]);
  }

  async list(request: contract.MessageListRequest): Promise<contract.MessagePage> {
    const [after = 0] = readCursor(request, 1);
    const { db, queue } = this.#parts;
    const look = () => db.prepare(lists[request.state]).all(after, request.limit + 1);
    const rows = await queue.run({ write: look, read: look, readFirst: true });
    const page = rows.slice(0, request.limit);
    const messages = page.map(listedOf);
    if (rows.length <= request.limit) return { messages };
    return { messages, next: String(wholeNumber(columnsOf(page.at(-1))('seq'))) };
  }

  #write(statement: string, values: (nowMs: number) => readonly SqliteValue[]): Promise<boolean> {
    const { db, queue } = this.#parts;
    return queue.run({ write: (nowMs) => changed(db.prepare(statement).run(...values(nowMs))) });
  }
}

function listedOf(row: unknown): contract.ListedMessage {
  const column = columnsOf(row);
  return {
    id: unpack(column('id')),
    operationId: unpack(column('operation_id')),
    operation: text(column('operation')),
    name: text(column('name')),
    createdAtMs: wholeNumber(column('created')),
    attempts: wholeNumber(column('attempts')),
    ...(column('due') !== null && { dueAtMs: wholeNumber(column('due')) }),
  };
}

function messageOf(row: unknown): contract.OutboxMessage {
  const { dueAtMs: _, ...message } = listedOf(row);
  return { ...message, payload: blobIn(columnsOf(row)('payload'), 'a message has no payload') };
}

function changed(result: { readonly changes: number | bigint }): boolean {
  return Number(result.changes) > 0;
}
