/**
 * A store in a DynamoDB table, on the AWS SDK for JavaScript, version 3.
 *
 * @example
 * ```ts
 * import { DynamoDB } from '@aws-sdk/client-dynamodb'
 * import { dynamodbStore } from 'latchkey/dynamodb'
 * const store = dynamodbStore({ client: new DynamoDB({ region: 'eu-central-1' }), table: 'latchkey' })
 * ```
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkChoice, checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import type { DynamodbClient } from './client.ts';
import { ownTime, serverTime } from './clock.ts';
import { Calls } from './connection.ts';
import { DynamodbStore, type DynamodbTransactions } from './dynamodb-store.ts';
import { Parts } from './parts.ts';
import { Records } from './records.ts';
import { Table } from './table.ts';

export type { DynamodbClient, TransactItemOf } from './client.ts';
export type { DynamodbTransactions } from './dynamodb-store.ts';
export { tableDefinition } from './migrations.ts';
export type { TransactionCollector } from './transaction.ts';

/** The settings of a {@link dynamodbStore}. */
export interface DynamodbStoreOptions<Client extends DynamodbClient = DynamodbClient> {
  /**
   * `new DynamoDB(…)` of `@aws-sdk/client-dynamodb`: the client with a method for each operation. A bare
   * `DynamoDBClient` takes commands, which only the SDK can make, and this package imports none. It stays open when
   * the store closes.
   */
  readonly client: Client;
  /** The table's name or ARN; see `tableDefinition` for what it must be like. */
  readonly table: string;
  /** What all keys in the table start with, so that several stores can share one. Default: nothing. */
  readonly prefix?: string;
  /**
   * Where time comes from. `'server'` (default): from the `Date` fields of DynamoDB's answers, so that the workers'
   * own clocks may be wrong. These are in whole seconds, and what is uncertain counts for the lease's owner: at first
   * others wait up to 2.5 s past its end, and half a second once some answers have narrowed it down. 100 ms are
   * allowed for DynamoDB's own machines to be apart. `'own'`: from this machine's clock, which must agree with the
   * other workers' to within a small part of the lease (as with Amazon Time Sync).
   */
  readonly clock?: 'server' | 'own';
  /**
   * What a claim does first. `'write'` (default): a first request makes 2 calls in all and a replay 1, but a replay's
   * refused write costs 1 write unit per KB of the record. `'read'`: a first request makes 3 calls, and a replay 1,
   * which costs 1 read unit per 4 KB. Choose `'read'` where more than one request in five is a replay.
   */
  readonly claimBy?: 'write' | 'read';
  /**
   * Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 2 MiB, at most 16 MiB. Results
   * over 32 KiB are in parts: writing takes 1 call for each 380 KB and 1 more, replaying the same.
   */
  readonly maxResultBytes?: number;
  /** How long a call may take, the client's own retries included, in milliseconds. Default 5,000. */
  readonly callTimeoutMs?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const optionNames = [
  'client',
  'table',
  'prefix',
  'clock',
  'claimBy',
  'maxResultBytes',
  'callTimeoutMs',
  'runtime',
] as const;

/**
 * Makes a store in a DynamoDB table of the user's own. Reads are strongly consistent, writes conditional, and a
 * refused write brings what it found, so that a claim is one call whether it is won or not.
 *
 * Cost: a record takes its result and about 310 bytes. While that is within 1 KB, a first request costs 2 write units,
 * a renewal or a saved step 1, a replay 1 write unit (or 1 read unit, see `claimBy`), a transaction 1 write unit to
 * renew the lease and 2 for each item in it; longer records cost 1 more for each KB at each of these. `list`, `erase`
 * and `sweep` read the whole table, at 1 read unit per 4 KB. Time-to-live removes expired records for nothing: with it
 * on, nobody need sweep, and without it parts that a crash left behind stay. One call more is made at first, and after
 * a minute without any, to learn the time.
 *
 * A transaction's function gets a collector for its own `TransactWriteItems`, which are written with the record's in
 * one call. If the condition of one of them fails, nothing is written, and the SDK's `TransactionCanceledException`
 * is thrown; the first of its `CancellationReasons` is the record's own.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`. Calls throw `store-unavailable` for everything that
 * DynamoDB refuses (throttling, a missing table, no permission), `record-unreadable` for items that are not records
 * of this version.
 * @example
 * ```ts
 * const client = new DynamoDB({ region: 'eu-central-1' })
 * const store = dynamodbStore({ client, table: 'latchkey' })
 * const guard = idempotency({ store, principal: (request) => request.auth.accountId, afterFailure: 'rerun' })
 * // in the handler
 * await context.transaction('order', ({ add }) => {
 *   add({ Put: { TableName: 'orders', Item: order, ConditionExpression: 'attribute_not_exists(id)' } })
 *   return order.id.S
 * })
 * ```
 */
export function dynamodbStore<Client extends DynamodbClient>(
  options: DynamodbStoreOptions<Client>,
): Store<DynamodbTransactions<Client>> {
  checkOptionNames('dynamodbStore', options, optionNames);
  const { client, table, prefix = '', clock = 'server', claimBy = 'write' } = options;
  const { maxResultBytes = 2 ** 21, callTimeoutMs = 5_000, runtime = systemRuntime } = options;
  checkClient(client);
  checkName('table', table, 1);
  checkName('prefix', prefix, 0);
  checkChoice('dynamodbStore', 'clock', clock, ['server', 'own']);
  checkChoice('dynamodbStore', 'claimBy', claimBy, ['write', 'read']);
  checkWholeNumber('dynamodbStore', 'maxResultBytes', maxResultBytes, 1, 2 ** 24);
  checkWholeNumber('dynamodbStore', 'callTimeoutMs', callTimeoutMs, 1, 2 ** 31 - 1);
  const calls = new Calls(runtime, callTimeoutMs);
  const items = new Table(client, calls, table, prefix);
  const ask = () => items.get(items.recordKey('time'));
  return new DynamodbStore({
    client,
    calls,
    records: new Records(items, new Parts(items)),
    time: clock === 'own' ? ownTime(runtime.clock) : serverTime(client, runtime.clock, ask),
    random: runtime.random,
    maxResultBytes,
    readFirst: claimBy === 'read',
  });
}

function checkClient(client: unknown): void {
  if (typeof Reflect.get(Object(client), 'transactWriteItems') === 'function') return;
  throw new LatchkeyError(
    'option-invalid',
    'dynamodbStore: client must be a new DynamoDB(…) of @aws-sdk/client-dynamodb, which has a method for each operation.',
  );
}

function checkName(name: string, value: unknown, least: number): void {
  const longest = 1_024;
  if (typeof value === 'string' && value.length >= least && value.length <= longest) return;
  throw new LatchkeyError(
    'option-invalid',
    `dynamodbStore: ${name} must be a text of ${least} to ${longest} characters.`,
  );
}
