/**
 * Runs a user's function in a transaction of the store: ownership is checked, the function runs, its result is saved
 * in the record, and everything is one commit.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { RenewRequest, Transacted, TransactionOutcome, TransactionWrite } from '../../core/store.ts';
import type { Entry } from '../record/entry.ts';
import { renewEntry, saveStepInEntry } from '../record/own-entry.ts';
import type { Connection } from './connection.ts';
import { isConstraint, isNoSavepoint, toStoreError } from './errors.ts';
import type { Records } from './records.ts';

/** A savepoint that is gone if the function ended the store's transaction, even if it began another. */
const marker = 'latchkey_transaction';

/** The tools of a transaction. */
export interface TransactionTools {
  readonly connection: Connection;
  readonly records: Records;
  readonly nowMs: number;
}

/**
 * Runs `body` in the open transaction, and ends the transaction.
 *
 * @throws what `body` throws; LatchkeyError `transaction-asynchronous`, `transaction-ended-early`,
 * `store-unavailable`, `record-unreadable`.
 */
export function runTransaction<T>(
  tools: TransactionTools,
  request: RenewRequest,
  body: () => Transacted<T>,
): TransactionOutcome<T> {
  const entry = orRollback(tools, () => takeOwn(tools, request));
  if (entry === undefined) {
    tools.connection.rollback();
    return { outcome: 'lost' };
  }
  const { value, write } = runBody(tools, body);
  orRollback(tools, () => saveWrite(tools, entry, write));
  commit(tools);
  return { outcome: 'committed', value };
}

function takeOwn({ records, nowMs, connection }: TransactionTools, request: RenewRequest): Entry | undefined {
  const entry = records.find(request.id, nowMs);
  if (entry === undefined || !renewEntry(entry, request, nowMs)) return undefined;
  records.save(entry);
  connection.db.exec(`SAVEPOINT ${marker}`);
  return entry;
}

function runBody<T>({ connection }: TransactionTools, body: () => Transacted<T>): Transacted<T> {
  try {
    const done = body();
    refusePromise(done);
    refusePromise(done.value);
    refuseEarlyEnd(connection);
    return done;
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function refusePromise(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function') return;
  // The promise's outcome no longer matters: the transaction was rolled back.
  value.then(undefined, () => {});
  throw new LatchkeyError(
    'transaction-asynchronous',
    'The function of a SQLite transaction must not return a promise. The transaction was rolled back.',
  );
}

function refuseEarlyEnd({ db }: Connection): void {
  try {
    db.exec(`RELEASE ${marker}`);
  } catch (cause) {
    if (!isNoSavepoint(cause)) throw toStoreError(cause);
    throw new LatchkeyError(
      'transaction-ended-early',
      'The function of a transaction sent its own COMMIT or ROLLBACK. What it committed stays in the database, but is not recorded.',
      { cause },
    );
  }
}

function saveWrite({ records, nowMs }: TransactionTools, entry: Entry, write: TransactionWrite): void {
  if (write.kind === 'step') saveStepInEntry(entry, { ...write, id: entry.id, token: entry.token });
  else records.completeEntry(entry, { ...write, id: entry.id, token: entry.token }, nowMs);
  records.save(entry);
}

function commit({ connection }: TransactionTools): void {
  try {
    connection.commit();
  } catch (error) {
    throw isConstraint(error) ? error : toStoreError(error);
  }
}

function orRollback<T>({ connection }: TransactionTools, work: () => T): T {
  try {
    return work();
  } catch (error) {
    connection.rollback();
    throw toStoreError(error);
  }
}
