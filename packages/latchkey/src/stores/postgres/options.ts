/**
 * The options of a PostgreSQL store and its tables.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import {
  called,
  clientNames,
  defaultTo,
  flag,
  integer,
  isObjectWith,
  isText,
  must,
  type OptionTable,
  required,
  runtimeOr,
  timerMs,
} from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Listen } from './change-feed.ts';
import { clientRule, type PostgresClient } from './client.ts';

/** The names of the tables. */
export interface TableNames {
  /** The schema, which must exist. Default `public`. */
  readonly schema?: string;
  /** Prefix of the tables' names. Default `latchkey_`. */
  readonly tablePrefix?: string;
}

/** The settings of a `postgresStore`. */
export interface PostgresStoreOptions<Client extends PostgresClient = PostgresClient> extends TableNames {
  /** A `Pool` of `pg`, the `sql` of postgres.js, or a bridge to another client. It stays open when the store closes. */
  readonly client: Client;
  /**
   * How waiting requests learn of changes by other processes. Default: LISTEN, on a connection taken from the client
   * while a request waits and for 10 seconds after; with a `pg` pool of fewer than three connections they poll. With
   * `false` they always poll, as needed behind a PgBouncer in transaction mode, which has no LISTEN. A bridge or
   * `pgListener(connection)` provides a separate connection.
   */
  readonly listen?: false | { readonly listen: Listen };
  /** Time limit for getting a free connection, in milliseconds; for `pg` and postgres.js. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Time limit of a whole call, in milliseconds. Default 10,000. Transactions are limited by their lease instead. */
  readonly callTimeoutMs?: number;
  /**
   * Uses prepared statements, for `pg` and postgres.js. Faster, but not possible behind a PgBouncer before 1.21 in
   * transaction mode. Default false.
   */
  readonly prepare?: boolean;
  /** Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Whether this process periodically removes expired records. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. Leases follow the server's clock. */
  readonly runtime?: Runtime;
}

/** PostgreSQL truncates longer names, so two different names could become the same. */
export const longestName = 63;

/** The name of the constraint that refuses a commit before the end of a transaction; the longest name in use. */
export const guardSuffix = 'commit_belongs_to_the_store';

const name = (least: number, most: number) =>
  must(`a string of ${least} to ${most} bytes`, (value) => {
    const length = isText(value) && !value.includes('\0') ? Buffer.byteLength(value) : -1;
    return length >= least && length <= most;
  });

/** The option table of the names. */
export const namesTable = {
  schema: defaultTo(name(1, longestName), 'public'),
  tablePrefix: defaultTo(name(0, longestName - guardSuffix.length), 'latchkey_'),
} satisfies OptionTable<TableNames>;

/** The option table. */
export const postgresTable = {
  client: called(clientNames, required(clientRule)),
  ...namesTable,
  listen: must(
    'false, a bridge, or what pgListener returns',
    (value) => value === false || isObjectWith('listen')(value),
  ),
  connectTimeoutMs: timerMs(5_000),
  callTimeoutMs: timerMs(10_000),
  prepare: flag(false),
  maxResultBytes: integer({ min: 1, max: 2 ** 29, default: 2 ** 24 }),
  sweep: flag(true),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<PostgresStoreOptions>;
