/**
 * Runs a user's function in a transaction of the user's own client: the record is locked, the function runs, its
 * result is saved in the record, and everything is one commit.
 *
 * The transaction must not end before the function does. The first statement makes the record refer to a row that
 * never exists, under a constraint that is checked at commit; the last statement removes the reference. So the
 * database itself refuses an early COMMIT and rolls everything back. After an early ROLLBACK, the last statement finds
 * that it runs in another transaction.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError, LeaseLostError, StoreUnavailableError } from '../../core/errors.ts';
import type { RenewRequest, Transacted, TransactionOutcome, TransactionWrite } from '../../core/store.ts';
import { encodeSteps } from '../record/step-blob.ts';
import type { PostgresValue } from './bridges/bridge.ts';
import { fateOf } from './commit-fate.ts';
import type { Connection } from './connection.ts';
import { isEarlyCommit, isFailedTransaction, isRefusal, toStoreError } from './errors.ts';
import { columnIn, keptResult, pack, type Row } from './row.ts';
import type { StatementName } from './statements.ts';

/** A worker ends a transaction that outlives its lease; if it can't, the server does so this much later. */
const idleGraceMs = 5_000;

/** The tools of a transaction. */
export interface TransactionTools<Tx> {
  readonly connection: Connection<Tx>;
  readonly maxResultBytes: number;
}

/** The state of a transaction. A client that repeats conflicting transactions may start it again. */
interface Progress {
  transactionId?: string;
  /** The error of the user's function. */
  fault?: { readonly error: unknown };
  /** The write to be committed. */
  saved?: { readonly value: unknown; readonly write: TransactionWrite };
  /** True if the caller got a timeout; nothing may be committed any more. */
  overdue: boolean;
}

/**
 * Runs `body` in a transaction.
 *
 * @throws what `body` throws, or the server refuses at the commit; LatchkeyError `transaction-ended-early`,
 * `lease-lost`, `store-unavailable`, `schema-missing`, `schema-mismatch`.
 */
export async function runTransaction<Tx, T>(
  tools: TransactionTools<Tx>,
  request: RenewRequest,
  body: (tx: Tx) => Transacted<T> | Promise<Transacted<T>>,
): Promise<TransactionOutcome<T>> {
  await tools.connection.ready();
  const progress: Progress = { overdue: false };
  const { clock } = tools.connection.parts.runtime;
  const deadlineMs = clock.monotonic() + request.leaseMs;
  const begun = tools.connection.parts.bridge.begin((tx) => inside({ ...tools, tx, progress }, request, body));
  try {
    return await beforeDeadline(tools, request.leaseMs, begun, progress);
  } catch (error) {
    const cause = faultOf(error, progress, tools.connection.parts.names.guard);
    if (progress.saved === undefined || progress.overdue || isRefusal(error)) throw cause;
    await assertCommitted(tools, request, progress, deadlineMs, error);
    return { outcome: 'committed', value: progress.saved.value as T };
  }
}

interface Inside<Tx> extends TransactionTools<Tx> {
  readonly tx: Tx;
  readonly progress: Progress;
}

async function inside<Tx, T>(
  tools: Inside<Tx>,
  request: RenewRequest,
  body: (tx: Tx) => Transacted<T> | Promise<Transacted<T>>,
): Promise<TransactionOutcome<T>> {
  const { progress, tx } = tools;
  delete progress.saved;
  refuseOverdue(progress);
  const [locked] = await tools.connection.runIn(tx, 'transaction-lock', lockValues(request));
  if (locked === undefined) return { outcome: 'lost' };
  progress.transactionId = String(columnIn(locked, 'transaction'));
  const { value, write } = await runBody(tools, body);
  refuseOverdue(progress);
  const saved = await save(tools, request, write);
  if (saved.length === 0) throw endedEarly();
  refuseOverdue(progress);
  progress.saved = { value, write };
  return { outcome: 'committed', value };
}

async function runBody<Tx, T>(
  { tx, progress }: Inside<Tx>,
  body: (tx: Tx) => Transacted<T> | Promise<Transacted<T>>,
): Promise<Transacted<T>> {
  try {
    return await body(tx);
  } catch (error) {
    progress.fault = { error };
    throw error;
  }
}

function lockValues({ id, token, leaseMs, unresolvedRetentionMs }: RenewRequest): PostgresValue[] {
  return [pack(id), pack(token), leaseMs, unresolvedRetentionMs, leaseMs + idleGraceMs];
}

function save<Tx>(tools: Inside<Tx>, { id, token }: RenewRequest, write: TransactionWrite): Promise<readonly Row[]> {
  const { connection, tx, progress, maxResultBytes } = tools;
  const run = (name: StatementName, values: readonly PostgresValue[]) =>
    connection.runIn(tx, name, [pack(id), pack(token), ...values]);
  const transactionId = progress.transactionId ?? null;
  if (write.kind === 'step')
    return run('transaction-step', [
      Buffer.from(write.name),
      encodeSteps(new Map([[write.name, write.value]])),
      transactionId,
    ]);
  const { kind, bytes } = keptResult(write.result, write.tombstone, maxResultBytes);
  const { channel } = connection.parts.names;
  return run('transaction-result', [kind, bytes, write.retentionMs, write.notify ?? false, channel, transactionId]);
}

/** Settles as `begun` does, but within the lease; a later commit would go unnoticed. */
function beforeDeadline<Tx, T>(
  { connection }: TransactionTools<Tx>,
  limitMs: number,
  begun: Promise<T>,
  progress: Progress,
): Promise<T> {
  const { timers } = connection.parts.runtime;
  return new Promise((resolve, reject) => {
    const timer = timers.set(() => {
      // The commit was sent: its outcome is looked up later.
      if (progress.saved === undefined) progress.overdue = true;
      reject(tooLate(progress));
    }, limitMs);
    begun.then(resolve, reject).finally(() => timers.clear(timer));
  });
}

function tooLate(progress: Progress): LatchkeyError {
  return progress.transactionId === undefined
    ? new StoreUnavailableError('The transaction could not begin in time. Nothing was done.')
    : new LeaseLostError('The transaction took longer than its lease. It was rolled back.');
}

function refuseOverdue(progress: Progress): void {
  if (progress.overdue) throw tooLate(progress);
}

function endedEarly(cause?: unknown): LatchkeyError {
  return new LatchkeyError(
    'transaction-ended-early',
    'The function of a transaction sent its own COMMIT or ROLLBACK. Nothing was committed, and the transaction was not recorded.',
    cause === undefined ? {} : { cause },
  );
}

/** The error that the caller gets for a transaction that was rolled back. */
function faultOf(error: unknown, progress: Progress, guard: string): unknown {
  if (isEarlyCommit(error, guard)) return endedEarly(error);
  if (progress.fault !== undefined) return progress.fault.error;
  if (progress.saved !== undefined && isRefusal(error)) return error;
  if (isFailedTransaction(error)) return failedStatement(error);
  return toStoreError(error);
}

function failedStatement(cause: unknown): LatchkeyError {
  return new LatchkeyError(
    'transaction-ended-early',
    'A statement of the function failed and the function continued, but PostgreSQL had already aborted the transaction. It was rolled back.',
    { cause },
  );
}

async function assertCommitted<Tx>(
  { connection }: TransactionTools<Tx>,
  request: RenewRequest,
  { transactionId = '', saved }: Progress,
  deadlineMs: number,
  cause: unknown,
): Promise<void> {
  const fate = saved && (await fateOf(connection, request, { transactionId, write: saved.write, deadlineMs }));
  if (fate === 'committed') return;
  const words =
    fate === 'aborted'
      ? 'The transaction was rolled back'
      : 'The commit got no answer, and whether it happened could not be found out; the record knows';
  throw new StoreUnavailableError(`${words}.`, { cause });
}
