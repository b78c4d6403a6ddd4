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

import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import { MemoryStore } from './memory-store.ts';
import { type MemoryStoreOptions, memoryTable } from './options.ts';

export type { MemoryStoreOptions } from './options.ts';

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
export function memoryStore(options: MemoryStoreOptions = {}): OperatorStore {
  const { maxRecords, maxBytes, maxResultBytes = maxBytes, runtime } = readOptions('memoryStore', memoryTable, options);
  return new MemoryStore({ maxRecords, maxBytes, maxResultBytes }, runtime.clock);
}
