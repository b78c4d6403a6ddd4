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

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import type { DynamodbClient } from './client.ts';
import { ownTime, serverTime } from './clock.ts';
import { Connection } from './connection.ts';
import { DynamodbStore, type DynamodbTransactions } from './dynamodb-store.ts';
import { type DynamodbStoreOptions, dynamodbTable } from './options.ts';
import { Parts } from './parts.ts';
import { Records } from './records.ts';
import { Table } from './table.ts';

export type {
  AnswerHandler,
  AttributeValue,
  CallOptions,
  DeleteInput,
  DynamodbClient,
  Item,
  PutInput,
  ScanInput,
  TransactItemOf,
  UpdateInput,
} from './client.ts';
export type { DynamodbTransactions } from './dynamodb-store.ts';
export type { DynamodbStoreOptions } from './options.ts';
export { tableDefinition } from './table.ts';
export type { TransactionCollector } from './transaction.ts';

/**
 * Creates a store in the user's own DynamoDB table. Reads are strongly consistent and writes are conditional. A
 * refused write returns the item that it found, so a claim is one call in either case.
 *
 * Cost: a record takes about 310 bytes and its result. Up to 1 KB, a first request costs 2 write units, a renewal or a
 * saved step 1, a replay 1 write unit (or 1 read unit, see `claimBy`), a transaction 1 write unit to renew the lease
 * and 2 for each item in it. Each further KB of the record costs 1 more for each of these. `list`, `erase` and `sweep`
 * read the whole table, at 1 read unit per 4 KB. Time-to-live removes expired records for free: turn it on, and no
 * sweep is needed; without it, parts left by a crash are never removed. One extra call is made at first, and after a
 * minute without calls, to get the time.
 *
 * A transaction's function gets a collector for its own `TransactWriteItems`, which are written in one call with the
 * record. If one of their conditions fails, nothing is written, and the SDK's `TransactionCanceledException` is
 * thrown; the first of its `CancellationReasons` is that of the record.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`. Calls throw `store-unavailable` if DynamoDB refuses them
 * (throttling, a missing table, no permission), and `record-unreadable` for items that are not records of this
 * version.
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
): OperatorStore<DynamodbTransactions<Client>> {
  const { client, table, prefix, clock, claimBy, maxResultBytes, callTimeoutMs, runtime } = readOptions(
    'dynamodbStore',
    dynamodbTable,
    options,
  );
  const connection = new Connection(runtime, callTimeoutMs);
  const items = new Table(client, connection, table, prefix);
  const ask = () => items.get(items.recordKey('time'));
  return new DynamodbStore({
    client,
    connection,
    records: new Records(items, new Parts(items)),
    time: clock === 'own' ? ownTime(runtime.clock) : serverTime(client, runtime.clock, ask),
    random: runtime.random,
    maxResultBytes,
    readFirst: claimBy === 'read',
  });
}
