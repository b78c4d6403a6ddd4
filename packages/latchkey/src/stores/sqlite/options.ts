/**
 * The options of a store in SQLite.
 *
 * @module
 */

import {
  called,
  integer,
  must,
  type OptionTable,
  oneOf,
  required,
  runtimeOr,
  timerMs,
} from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { SqliteDatabase } from './client.ts';

/** The settings of an `sqliteStore`. */
export interface SqliteStoreOptions<Handle extends SqliteDatabase = SqliteDatabase> {
  /**
   * The path of a file, which is created if need be (its folder is not), or a handle of your own: then the store's
   * tables lie beside yours, and a transaction can write to both. A handle of yours stays open when the store closes.
   */
  readonly database: string | Handle;
  /**
   * `'full'` (default): what was answered survives a power cut. `'normal'`: it survives a crash of the process; a
   * power cut may undo the last commits. A handle of your own is set to it too, with WAL mode.
   */
  readonly synchronous?: 'full' | 'normal';
  /** How long a call waits for the lock of another process before it rejects, in milliseconds. Default 1,000. */
  readonly lockTimeoutMs?: number;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** What they may be. */
export const sqliteTable = {
  database: called(
    'db file filename path',
    required(must('a path or a handle', (value) => value !== undefined && value !== null)),
  ),
  synchronous: oneOf<'full' | 'normal'>('full', 'normal'),
  lockTimeoutMs: timerMs(1_000),
  maxResultBytes: integer({ min: 1, max: 2 ** 29, default: 2 ** 24 }),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<SqliteStoreOptions>;
