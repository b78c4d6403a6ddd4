import type { AnyOperatorStore } from '../../../src/core/store.ts';

/** The store of a server process. */
export interface OpenedStore {
  readonly store: AnyOperatorStore;
  /** Writes a row through the handle of a transaction; absent if the store has none. */
  readonly write?: (handle: unknown, effect: string) => Promise<void> | void;
  /** Whether transactions are asynchronous. */
  readonly waits: boolean;
}
