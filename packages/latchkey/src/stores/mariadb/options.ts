/**
 * The options of a store in MariaDB, and those that name its tables.
 *
 * @module
 */

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
import { type MariadbClient, type MariadbConnection, promisePool } from './client.ts';

/** Names the tables. */
export interface TableOptions {
  /** Stands before the names of the store's tables. Default `latchkey_`. */
  readonly tablePrefix?: string;
  /** The database that the tables are in. Default: the one that the connection is in. */
  readonly database?: string;
}

/** The settings of a `mariadbStore`. */
export interface MariadbStoreOptions<Connection extends MariadbConnection = MariadbConnection> extends TableOptions {
  /**
   * A pool of `mysql2` or `mysql2/promise`; it stays open when the store closes. A transaction holds one of its
   * connections as long as its function runs, so leave some for everything else.
   */
  readonly client: MariadbClient<Connection>;
  /**
   * How long a call waits for a connection, and for the server's answer, before it rejects, in milliseconds. Default
   * 10,000. The connection of a call that got no answer is closed.
   */
  readonly callTimeoutMs?: number;
  /**
   * Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. The server's
   * `max_allowed_packet`, less 64 KiB, is a limit too. All steps of an operation together
   * have that last limit.
   */
  readonly maxResultBytes?: number;
  /** Whether this process removes expired records by and by. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const name = must('1 to 50 letters, digits, "_", "$" or "-"', (value) => isText(value) && /^[\w$-]{1,50}$/.test(value));

const isPool = (value: unknown) =>
  isObjectWith()(value) && isObjectWith('getConnection')(promisePool(value as MariadbClient));

/** What the names may be. */
export const namesTable = {
  tablePrefix: defaultTo(name, 'latchkey_'),
  database: name,
} satisfies OptionTable<TableOptions>;

/** What they may be. */
export const mariadbTable = {
  client: called(clientNames, required(must('a pool of mysql2, as createPool makes it', isPool))),
  ...namesTable,
  callTimeoutMs: timerMs(10_000),
  maxResultBytes: integer({ min: 1, max: 2 ** 29, default: 2 ** 24 }),
  sweep: flag(true),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<MariadbStoreOptions>;
