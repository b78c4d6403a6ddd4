/**
 * The transitions of a record that the library's own stores share, for a store of your own. Each changes the entry it is
 * given and touches nothing else: a store that can read, change and write one record in one atomic step needs no more.
 * `docs/writing-a-store.md` has a complete store.
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
