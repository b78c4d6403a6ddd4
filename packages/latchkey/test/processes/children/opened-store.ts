import type { AnyOperatorStore } from '../../../src/core/store.ts';

/** A store as the server process uses it. */
export interface OpenedStore {
  readonly store: AnyOperatorStore;
  /** Writes a row through the handle of a transaction; absent if the store has none. */
  readonly write?: (handle: unknown, effect: string) => Promise<void> | void;
  /** Whether a transaction's function may wait. */
  readonly waits: boolean;
}
