/**
 * The keys of one client: in the storage, and in memory for when that fails or is cleared.
 *
 * @module
 */

import { sleep, type Timers } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { hasLocks, inTurn, withLock } from './key-lock.ts';
import { entryName, type KeyStorage, parseEntry, type StoredKey } from './key-storage.ts';

// A storage that never answers counts as one that throws.
const storageTimeoutMs = 2_000;

/** Longer than another tab takes from its look into the storage to its write. */
const otherTabsMs = 50;

function within<T>(timers: Timers, promise: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DOMException(`No answer within ${storageTimeoutMs} ms`, 'TimeoutError'));
    const timer = timers.set(late, storageTimeoutMs);
    promise.then(resolve, reject).then(() => timers.clear(timer));
  });
}

/** What a {@link KeyRing} is made from. */
export interface KeyRingOptions {
  readonly storage: KeyStorage | undefined;
  /** True if other tabs or processes may use the same storage. */
  readonly isShared: boolean;
  readonly timers: Timers;
  readonly emit: ClientEventListener;
}

/** A key that this client uses. */
interface HeldKey {
  readonly entry: StoredKey;
  /** False if it couldn't be written to the storage. */
  readonly isStored: boolean;
}

/** Keeps at most one key for each operation. No method rejects. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  /** The keys that this client uses, so that it loses none to a storage that fails or is cleared. */
  readonly #held = new Map<string, HeldKey>();
  /** Keys that are done with and couldn't be removed from the storage: using one again would replay an old answer. */
  readonly #spent = new Set<string>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** The key that waits for an answer, if there is one. */
  async find(operation: string): Promise<StoredKey | undefined> {
    const held = this.#held.get(operation);
    const found = held?.isStored === false ? held.entry : await this.#read(operation, held?.entry);
    return found !== undefined && this.#spent.has(found.key) ? undefined : found;
  }

  /**
   * The key that waits for an answer, or else a new one, which is kept. Two tabs at the same instant get the same. A caller
   * that has left meanwhile makes no key, or leaves one under which nothing was done.
   */
  obtain(operation: string, made: StoredKey, caller: AbortSignal): Promise<StoredKey> {
    return this.#alone(operation, async () => {
      const found = await this.find(operation);
      if (found !== undefined) return this.#hold(operation, found);
      if (caller.aborted) return made;
      await this.#keep(operation, made);
      if (caller.aborted) await this.#keep(operation, { ...made, nothingDone: true });
      if (!this.#options.isShared || hasLocks()) return made;
      return this.#hold(operation, await this.#writtenLast(operation, made));
    });
  }

  /** Writes an entry again, unless another key took its place meanwhile. */
  update(operation: string, entry: StoredKey): Promise<void> {
    return this.#alone(operation, async () => {
      if ((await this.find(operation))?.key === entry.key) await this.#keep(operation, entry);
    });
  }

  /** Drops a key; another key that took its place meanwhile (another tab's) stays. */
  drop(operation: string, key: string): Promise<void> {
    return this.#alone(operation, async () => {
      if (this.#held.get(operation)?.entry.key === key) this.#held.delete(operation);
      const removed = await this.#try(operation, 'remove', async (storage) => {
        const found = parseEntry((await storage.getItem(entryName(operation))) ?? '');
        if (found?.key === key) await storage.removeItem(entryName(operation));
      });
      if (!removed && this.#options.storage !== undefined) this.#spent.add(key);
    });
  }

  #alone<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const { storage, isShared, timers } = this.#options;
    if (storage === undefined) return work();
    const name = entryName(operation);
    return inTurn(storage, name, () => (isShared ? withLock(name, timers, work) : work()));
  }

  /** Remembers a key that was found. */
  #hold(operation: string, entry: StoredKey): StoredKey {
    if (this.#held.get(operation)?.isStored !== false) this.#held.set(operation, { entry, isStored: true });
    return entry;
  }

  async #keep(operation: string, entry: StoredKey): Promise<void> {
    const isStored = await this.#try(operation, 'write', async (storage) =>
      storage.setItem(entryName(operation), JSON.stringify(entry)),
    );
    this.#held.set(operation, { entry, isStored });
  }

  /** Without locks, the tab that wrote last wins, and the others find its key when they read again. */
  async #writtenLast(operation: string, made: StoredKey): Promise<StoredKey> {
    if ('document' in globalThis) await sleep(this.#options.timers, otherTabsMs);
    return (await this.find(operation)) ?? made;
  }

  /**
   * What the storage has; or `held`, if it fails or was cleared. From a storage that is shared, another tab may have removed
   * the key, because its operation has ended.
   */
  async #read(operation: string, held: StoredKey | undefined): Promise<StoredKey | undefined> {
    let found: StoredKey | undefined;
    const isRead = await this.#try(operation, 'read', async (storage) => {
      found = parseEntry((await storage.getItem(entryName(operation))) ?? '');
    });
    return isRead && this.#options.isShared ? found : (found ?? held);
  }

  async #try(
    operation: string,
    during: 'read' | 'write' | 'remove',
    use: (storage: KeyStorage) => Promise<unknown>,
  ): Promise<boolean> {
    const { storage, timers, emit } = this.#options;
    if (storage === undefined) return false;
    try {
      await within(timers, use(storage));
      return true;
    } catch (error) {
      emit({ type: 'storage-failed', operation, during, error });
      return false;
    }
  }
}
