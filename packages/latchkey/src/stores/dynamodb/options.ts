/**
 * The options of a DynamoDB store.
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
   * `new DynamoDB(…)` of `@aws-sdk/client-dynamodb`, the client with a method for each operation. A bare
   * `DynamoDBClient` needs the SDK's command classes, which this package does not import. The client stays open when
   * the store closes.
   */
  readonly client: Client;
  /** The table's name or ARN; `tableDefinition` gives its required definition. */
  readonly table: string;
  /** Prefix of all keys in the table, so that several stores can share the table. Default: none. */
  readonly prefix?: string;
  /**
   * Source of the current time. `'server'` (default): the `Date` header of DynamoDB's answers, so the workers' clocks
   * may be wrong. The header has whole seconds, and the uncertainty counts in favour of the lease's owner: others wait
   * up to 2.5 s after its end at first, and half a second after several answers. 100 ms are allowed for differences
   * between DynamoDB's machines. `'own'`: this machine's clock, which must agree with the other workers' to within a
   * small part of the lease (as with Amazon Time Sync).
   */
  readonly clock?: 'server' | 'own';
  /**
   * Whether a claim first writes or reads. `'write'` (default): a first request makes 2 calls and a replay 1, but a
   * replay's refused write costs 1 write unit per KB of the record. `'read'`: a first request makes 3 calls, and a
   * replay 1, which costs 1 read unit per 4 KB. Set `'read'` if more than one request in five is a replay.
   */
  readonly claimBy?: 'write' | 'read';
  /**
   * Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default 2 MiB, at most 16 MiB. Results
   * over 32 KiB are stored in parts: writing and replaying take 1 call per 380 KB and 1 more.
   */
  readonly maxResultBytes?: number;
  /** Time limit of a call, including the client's own retries, in milliseconds. Default 5,000. */
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

/** The option table. */
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
