/**
 * The transitions of a record that the library's stores share, for your own store. Each changes only the given entry: a
 * store needs no more than to read, change and write one record atomically. `docs/writing-a-store.md` has a complete
 * store.
 *
 * @example
 * ```ts
 * const outcome = claimEntry(entry, request, nowMs)
 * if (outcome.outcome === 'claimed') await write(entry)
 * ```
 * @module
 */

export { claimEntry, claimed, newEntry } from './claim-entry.ts';
export {
  type Entry,
  type EntryRequest,
  isExpired,
  type Phase,
  stateOf,
  toReadRecord,
  toStoredRecord,
} from './entry.ts';
export {
  abandonEntry,
  completeEntry,
  releaseEntry,
  renewEntry,
  resolveEntry,
  saveStepInEntry,
} from './own-entry.ts';
