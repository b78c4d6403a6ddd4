/**
 * The options of a cache in front of a store.
 *
 * @module
 */

import { integer, type OptionTable, runtimeOr } from '../../core/options/rules.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';

/** The bounds of a `cachedStore`. */
export interface CacheOptions {
  /** How many bytes the answers may take in memory, about 512 for each included. Default 16 MiB. */
  readonly maxBytes?: number;
  /**
   * How long an answer is served from memory, in milliseconds; never past its retention. For so long it may also
   * outlive an `erase` of another process. Default 10,000.
   */
  readonly maxAgeMs?: number;
  /** The clock. */
  readonly runtime?: Runtime;
}

/** What they may be. */
export const cacheTable = {
  maxBytes: integer({ min: 1, default: 2 ** 24 }),
  maxAgeMs: integer({ min: 1, max: 3_600_000, default: 10_000 }),
  runtime: runtimeOr(systemRuntime),
} satisfies OptionTable<CacheOptions>;
