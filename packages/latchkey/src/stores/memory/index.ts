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

import { LatchkeyError } from '../../core/errors.ts';
import { readOptions } from '../../core/options/read-options.ts';
import type { OperatorStore } from '../../core/store.ts';
import { MemoryStore } from './memory-store.ts';
import { type MemoryStoreOptions, memoryTable } from './options.ts';

export type { MemoryStoreOptions } from './options.ts';

/**
 * Creates a store that exists only in this process. Its size is bounded, and it never drops a live record to make room.
 * If it is still full after expired records were removed, claims reject with `store-unavailable`, and a result that
 * doesn't fit leaves its tombstone.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`, `memory-store-in-production`.
 * @example
 * ```ts
 * const guard = idempotency({ store: memoryStore(), principal: 'authorization' })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): OperatorStore {
  const {
    maxRecords,
    maxBytes,
    maxResultBytes = maxBytes,
    allowInProduction,
    runtime,
  } = readOptions('memoryStore', memoryTable, options);
  if (!allowInProduction && isProduction()) {
    throw new LatchkeyError(
      'memory-store-in-production',
      'memoryStore: records are lost when the process ends, and NODE_ENV is production. Use a durable store, or set allowInProduction: true.',
    );
  }
  return new MemoryStore({ maxRecords, maxBytes, maxResultBytes }, runtime.clock);
}

function isProduction(): boolean {
  return typeof process === 'object' && process.env['NODE_ENV'] === 'production';
}
