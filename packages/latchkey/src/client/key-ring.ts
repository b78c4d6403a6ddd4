/**
 * The keys of one client: in the storage, and in memory in case the storage fails or is cleared.
 *
 * @module
 */

import { sleep, type Timers } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { hasLocks, inTurn, withLock } from './key-lock.ts';
import { entryName, type KeyStorage, parseEntry, type StoredKey } from './key-storage.ts';

// A storage that never answers counts as one that throws.
const storageTimeoutMs = 2_000;

/** Longer than another tab takes between its read of the storage and its write. */
const otherTabsMs = 50;

function within<T>(timers: Timers, promise: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DOMException(`No answer within ${storageTimeoutMs} ms`, 'TimeoutError'));
    const timer = timers.set(late, storageTimeoutMs);
    promise.then(resolve, reject).then(() => timers.clear(timer));
  });
}

/** The options of a {@link KeyRing}. */
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

/** At most one key for each operation. No method rejects. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  /** The keys in use, in case the storage fails or is cleared. */
  readonly #held = new Map<string, HeldKey>();
  /** Used keys that could not be removed from the storage: using one again would replay an old answer. */
  readonly #spent = new Set<string>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** The key of an operation without a final answer, if there is one. */
  async find(operation: string): Promise<StoredKey | undefined> {
    const held = this.#held.get(operation);
    const found = held?.isStored === false ? held.entry : await this.#read(operation, held?.entry);
    return found !== undefined && this.#spent.has(found.key) ? undefined : found;
  }

  /**
   * The existing key, or else the new one, which is stored. Two tabs that call at the same time get the same key. If
   * the caller aborts meanwhile, no key is stored, or it is marked as unused.
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

  /** Writes an entry again, unless another key has replaced it. */
  update(operation: string, entry: StoredKey): Promise<void> {
    return this.#alone(operation, async () => {
      if ((await this.find(operation))?.key === entry.key) await this.#keep(operation, entry);
    });
  }

  /** Removes a key; a key that has replaced it (another tab's) stays. */
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

  /** Keeps a found key in memory. */
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

  /** Without locks the last writer wins, and the other tabs read its key. */
  async #writtenLast(operation: string, made: StoredKey): Promise<StoredKey> {
    if ('document' in globalThis) await sleep(this.#options.timers, otherTabsMs);
    return (await this.find(operation)) ?? made;
  }

  /**
   * The stored key; or `held`, if the storage fails or was cleared. If the storage is shared, a missing key was
   * removed by another tab whose call got the final answer.
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
