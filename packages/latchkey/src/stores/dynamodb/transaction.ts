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

/** Collects the writes of a transaction's function. */
export interface TransactionCollector<TransactItem> {
  /**
   * Adds writes to the transaction, at most 99 in total, none of them to the store's items. They are applied when the
   * function has ended: all or none, together with the write of the record.
   *
   * @throws LatchkeyError `transaction-ended-early` once the function has ended.
   */
  add(...items: TransactItem[]): void;
}

/** A collector, and the function that ends it. */
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

/** The tools of a commit. */
export interface CommitTools {
  readonly client: DynamodbClient;
  readonly connection: Connection;
  readonly records: Records;
  readonly random: Random;
  /** Puts the result of a transaction into the owner's record. */
  readonly save: (owner: Owner, head: Head, write: TransactionWrite, at: Instant) => Promise<void>;
}

/** The request of a transaction, and what it commits. */
export interface Commit {
  readonly request: RenewRequest;
  readonly write: TransactionWrite;
  readonly items: readonly object[];
  readonly at: Instant;
}

const tries = 20;

/**
 * Commits. If another call of the owner has changed the record since it was `found`, it commits on the current record.
 * False if the record no longer belongs to the owner.
 *
 * @throws the client's error if the user's own writes are refused; StoreUnavailableError.
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

/** With the token, the client can repeat the call after a lost answer, and it is applied once. */
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

/** Whether the server rejects the transaction as such, which can only be caused by the user's writes. */
function isUsers(error: unknown): boolean {
  return refusals.includes(nameOf(error)) && !isPassing(error);
}
