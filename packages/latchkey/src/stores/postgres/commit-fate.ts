/**
 * Finds the outcome of a commit without an answer: the server keeps the status of its transactions, and the record
 * shows whether it was committed.
 *
 * @module
 */

import { type Runtime, sleep } from '../../core/runtime.ts';
import type { Owner, TransactionWrite } from '../../core/store.ts';
import type { Entry } from '../record/entry.ts';
import type { Connection } from './connection.ts';
import { columnIn, entryOf, pack } from './row.ts';

const betweenLooksMs = 100;

/** The commit in question. */
export interface DoubtfulCommit {
  readonly transactionId: string;
  readonly write: TransactionWrite;
  /** When to stop asking, on the monotonic clock. */
  readonly deadlineMs: number;
}

/** Asks until the server knows, or until the deadline. */
export async function fateOf<Tx>(
  connection: Connection<Tx>,
  owner: Owner,
  commit: DoubtfulCommit,
): Promise<'committed' | 'aborted' | 'unknown'> {
  const { runtime } = connection.parts;
  for (;;) {
    const fate = await lookUp(connection, commit.transactionId);
    if (fate === 'aborted') return fate;
    // After a failover, the new server may have given the number to another transaction.
    if (fate === 'committed') return (await isRecorded(connection, owner, commit.write)) ? fate : 'unknown';
    if (fate === 'unknown' || !(await pause(runtime, commit.deadlineMs))) return 'unknown';
  }
}

async function pause(runtime: Runtime, deadlineMs: number): Promise<boolean> {
  if (runtime.clock.monotonic() + betweenLooksMs > deadlineMs) return false;
  await sleep(runtime.timers, betweenLooksMs);
  return true;
}

async function lookUp<Tx>(
  connection: Connection<Tx>,
  id: string,
): Promise<'committed' | 'aborted' | 'pending' | 'unknown'> {
  try {
    const [row] = await connection.run('transaction-fate', [id]);
    const fate = row && columnIn(row, 'fate');
    if (fate === 'committed' || fate === 'aborted') return fate;
    return fate === 'in progress' ? 'pending' : 'unknown';
  } catch {
    return 'pending';
  }
}

async function isRecorded<Tx>(
  connection: Connection<Tx>,
  { id, token }: Owner,
  write: TransactionWrite,
): Promise<boolean> {
  const rows = await connection.run('read', [pack(id)]).catch(() => []);
  return rows.map(entryOf).some((entry) => shows(entry, token, write));
}

function shows(entry: Entry, token: string, write: TransactionWrite): boolean {
  if (write.kind === 'step') return entry.steps?.has(write.name) ?? false;
  return entry.phase === 'completed' && entry.token === token;
}
