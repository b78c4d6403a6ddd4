/**
 * The options of a store in memory.
 *
 * @module
 */

import { flag, integer, type OptionTable, runtimeOr } from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';

/** The limits of a `memoryStore`. */
export interface MemoryStoreOptions {
  /** Most records at a time. Default 200,000. */
  readonly maxRecords?: number;
  /** About how much memory all records may take, in bytes. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default: as much as fits. */
  readonly maxResultBytes?: number;
  /** Lets it be used although NODE_ENV is `production`: records are gone with the process. Default false. */
  readonly allowInProduction?: boolean;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

/** What they may be. */
export const memoryTable = {
  maxRecords: integer({ min: 1, default: 200_000 }),
  maxBytes: integer({ min: 1, default: 256 * 1024 * 1024 }),
  maxResultBytes: integer({ min: 1 }),
  allowInProduction: flag(false),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<MemoryStoreOptions>;
