/**
 * The options of a MariaDB store and its tables.
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

/** The names of the tables. */
export interface TableOptions {
  /** Prefix of the tables' names. Default `latchkey_`. */
  readonly tablePrefix?: string;
  /** The database of the tables. Default: the connection's database. */
  readonly database?: string;
}

/** The settings of a `mariadbStore`. */
export interface MariadbStoreOptions<Handle extends MariadbConnection = MariadbConnection> extends TableOptions {
  /**
   * A pool of `mysql2` or `mysql2/promise`; it stays open when the store closes. A transaction holds one connection
   * while its function runs, so the pool needs some more for other calls.
   */
  readonly client: MariadbClient<Handle>;
  /**
   * Time limit for getting a connection, and for the server's answer, in milliseconds. The connection of an unanswered
   * call is closed. Default 10,000.
   */
  readonly callTimeoutMs?: number;
  /**
   * Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default 16 MiB. The server's
   * `max_allowed_packet` minus 64 KiB also limits results, and all steps of an operation together.
   */
  readonly maxResultBytes?: number;
  /** Whether this process periodically removes expired records. Default true. */
  readonly sweep?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const name = must('1 to 50 letters, digits, "_", "$" or "-"', (value) => isText(value) && /^[\w$-]{1,50}$/.test(value));

const isPool = (value: unknown) =>
  isObjectWith()(value) && isObjectWith('getConnection')(promisePool(value as MariadbClient));

/** The option table of the names. */
export const namesTable = {
  tablePrefix: defaultTo(name, 'latchkey_'),
  database: name,
} satisfies OptionTable<TableOptions>;

/** The option table. */
export const mariadbTable = {
  client: called(clientNames, required(must('a pool of mysql2, as createPool makes it', isPool))),
  ...namesTable,
  callTimeoutMs: timerMs(10_000),
  maxResultBytes: integer({ min: 1, max: 2 ** 29, default: 2 ** 24 }),
  sweep: flag(true),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<MariadbStoreOptions>;
