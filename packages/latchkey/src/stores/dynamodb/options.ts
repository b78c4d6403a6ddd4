/**
 * The options of a store in DynamoDB.
 *
 * @module
 */

import {
  called,
  clientNames,
  defaultTo,
  integer,
  isText,
  must,
  type OptionTable,
  oneOf,
  required,
  runtimeOr,
  timerMs,
} from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { DynamodbClient } from './client.ts';

/** The settings of a `dynamodbStore`. */
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

const longestName = 1_024;

const name = (least: number) =>
  must(
    `a string of ${least} to ${longestName} characters`,
    (value) => isText(value) && value.length >= least && value.length <= longestName,
  );

/** What they may be. */
export const dynamodbTable = {
  client: called(
    clientNames,
    required(
      must(
        'a new DynamoDB(…) of @aws-sdk/client-dynamodb, which has a method for each operation',
        (value) => typeof Reflect.get(Object(value), 'transactWriteItems') === 'function',
      ),
    ),
  ),
  table: required(name(1)),
  prefix: called('keyPrefix namespace', defaultTo(name(0), '')),
  clock: oneOf<'server' | 'own'>('server', 'own'),
  claimBy: oneOf<'write' | 'read'>('write', 'read'),
  maxResultBytes: integer({ min: 1, max: 2 ** 24, default: 2 ** 21 }),
  callTimeoutMs: timerMs(5_000),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<DynamodbStoreOptions>;
