/**
 * What is kept of a result: itself, or its tombstone if it is too long.
 *
 * @module
 */

import type { StoredResult } from '../../core/store.ts';

/** The result if it fits, else its tombstone. */
export function stored(result: StoredResult, tombstone: Uint8Array, maxBytes: number): StoredResult {
  return result.bytes.byteLength <= maxBytes ? result : { kind: 'tombstone', bytes: tombstone };
}
