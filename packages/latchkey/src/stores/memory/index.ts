/**
 * A store in the memory of one process: for tests, for development, and for work that needs no record after a
 * restart.
 *
 * @example
 * ```ts
 * import { memoryStore } from 'latchkey/memory'
 * const store = memoryStore({ maxRecords: 10_000 })
 * ```
 * @module
 */

import { checkOptionNames, checkWholeNumber } from '../../core/options/check-options.ts';
import { type Runtime, systemRuntime } from '../../core/runtime.ts';
import type { Store } from '../../core/store.ts';
import { MemoryStore } from './memory-store.ts';

/** The limits of a {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Most records at a time. Default 200,000. */
  readonly maxRecords?: number;
  /** About how much memory all records may take, in bytes. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Longest result that is kept, in bytes; a longer one leaves its tombstone. Default: as much as fits. */
  readonly maxResultBytes?: number;
  /** Clocks, timers and randomness. */
  readonly runtime?: Runtime;
}

const optionNames = ['maxRecords', 'maxBytes', 'maxResultBytes', 'runtime'] as const;

/**
 * Makes a store that lives and dies with this process, and that other processes don't see.
 *
 * It is bounded and never drops a live record to make room. When it is full even after expired records were
 * removed, claims reject with `store-unavailable`, and a result that doesn't fit leaves its tombstone.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: 'authorization' })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptionNames('memoryStore', options, optionNames);
  const { maxRecords = 200_000, maxBytes = 256 * 1024 * 1024, maxResultBytes = maxBytes } = options;
  const limits = { maxRecords, maxBytes, maxResultBytes };
  for (const [name, limit] of Object.entries(limits))
    checkWholeNumber('memoryStore', name, limit, 1, Number.MAX_SAFE_INTEGER);
  return new MemoryStore(limits, (options.runtime ?? systemRuntime).clock);
}
