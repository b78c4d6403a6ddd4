/**
 * The options of a SQLite store.
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
   * The path of a file, which is created if missing (its folder is not), or your own handle. With your own handle a
   * transaction can write to your tables and the store's; the handle stays open when the store closes.
   */
  readonly database: string | Handle;
  /**
   * Durability of answers: with `'full'` (default) they survive a power cut. With `'normal'` they survive a crash of
   * the process, but a power cut may undo the last commits. Your own handle is set to it too, and to WAL mode.
   */
  readonly synchronous?: 'full' | 'normal';
  /** How long a call waits for another process's lock before it rejects, in milliseconds. Default 1,000. */
  readonly lockTimeoutMs?: number;
  /** Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default 16 MiB. */
  readonly maxResultBytes?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** The option table. */
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
