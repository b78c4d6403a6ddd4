/**
 * The options of a store in PostgreSQL, and those that name its tables.
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

/** Names the tables. */
export interface TableNames {
  /** The schema, which must exist. Default `public`. */
  readonly schema?: string;
  /** What the names of the tables begin with. Default `latchkey_`. */
  readonly tablePrefix?: string;
}

/** The settings of a `postgresStore`. */
export interface PostgresStoreOptions<Client extends PostgresClient = PostgresClient> extends TableNames {
  /** A `Pool` of `pg`, the `sql` of postgres.js, or a bridge to another client. It stays open when the store closes. */
  readonly client: Client;
  /**
   * How waiting hears of changes that other processes made. Default: by LISTEN, on a connection that is taken from the
   * client while somebody waits and for 10 seconds after; with a `pg` pool of fewer than three connections waiting
   * polls. `false` switches it off, and waiting polls: so behind a PgBouncer in transaction mode, which has no LISTEN. A bridge or `pgListener(connection)` gives it a connection of its own.
   */
  readonly listen?: false | { readonly listen: Listen };
  /** How long a call waits for a free connection, in milliseconds; for `pg` and postgres.js. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long a call may take in all, in milliseconds. Default 10,000. Transactions are bounded by their lease. */
  readonly callTimeoutMs?: number;
  /**
   * Let the server keep each statement's plan, for `pg` and postgres.js. It saves work, and does not work behind a
   * PgBouncer in transaction mode before its version 1.21. Default false.
   */
  readonly prepare?: boolean;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Whether this process removes expired records by and by. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. Leases go by the server's clock. */
  readonly runtime?: Runtime;
}

/** PostgreSQL cuts longer names short, and then two may be one. */
export const longestName = 63;

/** The name of the constraint that refuses a commit before the end of a transaction; the longest that is made. */
export const guardSuffix = 'commit_belongs_to_the_store';

const name = (least: number, most: number) =>
  must(`a string of ${least} to ${most} bytes`, (value) => {
    const length = isText(value) && !value.includes('\0') ? Buffer.byteLength(value) : -1;
    return length >= least && length <= most;
  });

/** What the names may be. */
export const namesTable = {
  schema: defaultTo(name(1, longestName), 'public'),
  tablePrefix: defaultTo(name(0, longestName - guardSuffix.length), 'latchkey_'),
} satisfies OptionTable<TableNames>;

/** What they may be. */
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
