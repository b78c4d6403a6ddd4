/**
 * The user's own writes and the record's in one `TransactWriteItems`.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import type { Random } from '../../core/runtime.ts';
import type { Owner, RenewRequest, TransactionWrite } from '../../core/store.ts';
import { renewEntry } from '../record/own-entry.ts';
import type { DynamodbClient, FoundItem, PutInput } from './client.ts';
import type { Instant } from './clock.ts';
import type { Connection } from './connection.ts';
import { cancellationsOf, isPassing, nameOf, toStoreError } from './errors.ts';
import type { Records } from './records.ts';
import { encodeRecord, type Head } from './row.ts';
import { unchanged } from './statements.ts';

/** Where the function of a transaction puts its writes. */
export interface TransactionCollector<TransactItem> {
  /**
   * Adds writes to the transaction, at most 99 in all; none may concern an item of the store's own. They happen when
   * the function has ended, all or none, together with the record's own write.
   *
   * @throws LatchkeyError `transaction-ended-early` once the function has ended.
   */
  add(...items: TransactItem[]): void;
}

/** A collector, and the way to end it. */
export function collect<TransactItem>() {
  const items: TransactItem[] = [];
  let ended = false;
  const collector: TransactionCollector<TransactItem> = {
    add(...given) {
      if (ended)
        throw new LatchkeyError(
          'transaction-ended-early',
          'A write was added after the function of the transaction had ended. It is not part of the transaction.',
        );
      items.push(...given);
    },
  };
  const end = (): readonly TransactItem[] => {
    ended = true;
    return items;
  };
  return { collector, end };
}

/** What a commit works with. */
export interface CommitTools {
  readonly client: DynamodbClient;
  readonly connection: Connection;
  readonly records: Records;
  readonly random: Random;
  /** Puts what a transaction saves into a record that is its owner's. */
  readonly save: (owner: Owner, head: Head, write: TransactionWrite, at: Instant) => Promise<void>;
}

/** One transaction's request, and what it commits. */
export interface Commit {
  readonly request: RenewRequest;
  readonly write: TransactionWrite;
  readonly items: readonly object[];
  readonly at: Instant;
}

const tries = 20;

/**
 * Commits. The record as it was `found` may have been changed by another call of its owner's in the meantime; then it
 * is committed on what is there. False if the record is no longer the owner's.
 *
 * @throws what the client throws if the user's own writes are refused; StoreUnavailableError.
 */
export async function commit(tools: CommitTools, commitment: Commit, found: FoundItem): Promise<boolean> {
  const { request, at } = commitment;
  let item: FoundItem | undefined = found;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const head = tools.records.live(request.id, item, at);
    if (head === undefined || !renewEntry(head.entry, request, at.nowMs)) return false;
    const refused = await commitOn(tools, commitment, head);
    if (refused === undefined) return true;
    item = refused.found;
  }
  throw new StoreUnavailableError('The record kept changing under a transaction; nothing was committed.');
}

async function commitOn(tools: CommitTools, { request, write, items, at }: Commit, head: Head) {
  const { table } = tools.records;
  await tools.save(request, head, write, at);
  await tools.records.prolongSteps(head);
  return transact(tools, table.putInput(encodeRecord(table.recordKey(request.id), head), unchanged(head)), items);
}

/** The token lets the client repeat the call when its answer was lost: it is applied once. */
async function transact({ client, connection, random }: CommitTools, own: PutInput, items: readonly object[]) {
  const input = { TransactItems: [{ Put: own }, ...items], ClientRequestToken: random.uuid() };
  try {
    await connection.attempt((options) => client.transactWriteItems(input, options));
    return undefined;
  } catch (error) {
    const [first] = cancellationsOf(error);
    if (first?.code === 'ConditionalCheckFailed') return { found: first.found };
    throw isUsers(error) ? error : toStoreError(error);
  }
}

const refusals = [
  'TransactionCanceledException',
  'ValidationException',
  'ResourceNotFoundException',
  'AccessDeniedException',
  'IdempotentParameterMismatchException',
];

/** Whether the server objects to the transaction itself: the record's own part of it is always the same. */
function isUsers(error: unknown): boolean {
  return refusals.includes(nameOf(error)) && !isPassing(error);
}
