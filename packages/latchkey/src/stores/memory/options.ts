/**
 * The options of a memory store.
 *
 * @module
 */

import { flag, integer, type OptionTable, runtimeOr } from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';

/** The limits of a `memoryStore`. */
export interface MemoryStoreOptions {
  /** Maximum number of records. Default 200,000. */
  readonly maxRecords?: number;
  /** Approximate memory limit of all records in bytes. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Maximum size of a stored result in bytes; a longer one leaves a tombstone. Default: no limit except `maxBytes`. */
  readonly maxResultBytes?: number;
  /** Allows the store if NODE_ENV is `production`; its records are lost when the process ends. Default false. */
  readonly allowInProduction?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** The option table. */
export const memoryTable = {
  maxRecords: integer({ min: 1, default: 200_000 }),
  maxBytes: integer({ min: 1, default: 256 * 1024 * 1024 }),
  maxResultBytes: integer({ min: 1 }),
  allowInProduction: flag(false),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<MemoryStoreOptions>;
