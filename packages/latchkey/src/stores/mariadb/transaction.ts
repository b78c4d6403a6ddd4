/**
 * Runs a user's function in a transaction of the store's database: the record is locked and ownership checked, the
 * function runs, its result is saved in the record, and everything is one commit.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { RenewRequest, Transacted, TransactionOutcome, TransactionWrite } from '../../core/store.ts';
import { completeEntry, renewEntry, saveStepInEntry } from '../record/own-entry.ts';
import type { MariadbConnection } from './client.ts';
import type { Connection } from './connection.ts';
import { isError, toStoreError } from './errors.ts';
import { bounded, liveRow } from './records.ts';
import { changeInputs, columnsOf, type Row, rowOf } from './row.ts';
import { checkSteps } from './server-limits.ts';
import type { Statements } from './statements.ts';

/** The tools of a transaction. */
export interface TransactionTools<Handle extends MariadbConnection> {
  readonly connection: Connection<Handle>;
  readonly sql: Statements;
  /** Maximum size of a stored result. */
  readonly mostResultBytes: number;
  /** Maximum total size of all steps. */
  readonly mostStepBytes: number;
}

type Body<Handle, T> = (handle: Handle) => Transacted<T> | Promise<Transacted<T>>;

/**
 * Runs `body` in a transaction.
 *
 * @throws what `body` throws; LatchkeyError `transaction-ended-early`, `store-unavailable`, `record-unreadable`.
 */
export async function runTransaction<Handle extends MariadbConnection, T>(
  tools: TransactionTools<Handle>,
  request: RenewRequest,
  body: Body<Handle, T>,
): Promise<TransactionOutcome<T>> {
  const { connection } = tools;
  const handle = await connection.retry(() => connection.acquire());
  try {
    const row = await lockOwn(tools, handle, request);
    const outcome = row && (await runBody(tools, handle, row, body));
    if (outcome !== undefined) return outcome;
    await rollback(tools, handle);
    return { outcome: 'lost' };
  } catch (error) {
    await rollback(tools, handle);
    throw error;
  } finally {
    handle.release();
  }
}

/** The record with its lease extended, if the owner holds it. It first ends a transaction that a failed attempt left open. */
async function lockOwn<Handle extends MariadbConnection>(
  { connection, sql }: TransactionTools<Handle>,
  handle: Handle,
  request: RenewRequest,
): Promise<Row | undefined> {
  const { rows } = await connection.retry(() =>
    connection.runOn(handle, sql.begin, { id: request.id, idle_seconds: Math.ceil(request.leaseMs / 1000) }),
  );
  const row = liveRow(rows.length === 0 ? undefined : rowOf(rows[0]));
  return row !== undefined && renewEntry(row.entry, request, row.nowMs) ? row : undefined;
}

async function runBody<Handle extends MariadbConnection, T>(
  tools: TransactionTools<Handle>,
  handle: Handle,
  row: Row,
  body: Body<Handle, T>,
): Promise<TransactionOutcome<T> | undefined> {
  const { value, write } = await body(handle);
  putWrite(tools, row, write);
  const isCommitted = await commit(tools, handle, row);
  return isCommitted ? { outcome: 'committed', value } : undefined;
}

function putWrite<Handle extends MariadbConnection>(
  { mostResultBytes, mostStepBytes }: TransactionTools<Handle>,
  { entry, nowMs }: Row,
  write: TransactionWrite,
): void {
  const owner = { id: entry.id, token: entry.token };
  if (write.kind === 'step') saveStepInEntry(entry, { ...write, ...owner });
  else
    completeEntry(
      entry,
      { ...write, ...owner, retentionMs: bounded(write.retentionMs) },
      nowMs,
      (bytes) => bytes <= mostResultBytes,
    );
  checkSteps(entry, mostStepBytes);
}

async function commit<Handle extends MariadbConnection>(
  { connection, sql }: TransactionTools<Handle>,
  handle: Handle,
  row: Row,
): Promise<boolean> {
  try {
    const { rows } = await connection.runOn(handle, sql.commit, changeInputs(row.entry, row));
    return Number(columnsOf(rows[0])('committed')) === 1;
  } catch (cause) {
    if (!isError(cause, 'noSavepoint')) throw toStoreError(cause);
    throw new LatchkeyError(
      'transaction-ended-early',
      'The function of a transaction ended it: by its own COMMIT or ROLLBACK, by a statement that commits ' +
        'implicitly (such as CREATE or ALTER), or by continuing after a deadlock. What it committed stays, but is not recorded.',
      { cause },
    );
  }
}

/** If the rollback fails, the connection is closed, which also rolls back. */
async function rollback<Handle extends MariadbConnection>(
  { connection, sql }: TransactionTools<Handle>,
  handle: Handle,
): Promise<void> {
  try {
    await connection.runOn(handle, sql.rollback, {});
  } catch {
    handle.destroy();
  }
}
