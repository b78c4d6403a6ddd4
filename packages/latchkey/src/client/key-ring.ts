/**
 * The keys of one client: in the storage as long as it works, else in memory.
 *
 * @module
 */

import type { Timers } from '../core/runtime.ts';
import type { ClientEventListener } from './client-events.ts';
import { entryName, formatEntry, type KeyStorage, parseEntry, type StoredKey } from './key-storage.ts';

// A storage that never answers counts as one that throws.
const storageTimeoutMs = 2_000;

function within<T>(timers: Timers, promise: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DOMException(`No answer within ${storageTimeoutMs} ms`, 'TimeoutError'));
    const timer = timers.set(late, storageTimeoutMs);
    promise.then(resolve, reject).then(() => timers.clear(timer));
  });
}

/** Keeps at most one key for each operation. No method rejects. */
export class KeyRing {
  readonly #storage: KeyStorage | undefined;
  readonly #timers: Timers;
  readonly #emit: ClientEventListener;
  /** Keys that couldn't be written to the storage. */
  readonly #memory = new Map<string, StoredKey>();
  /** Keys that are done with and couldn't be removed from the storage: using one again would replay an old answer. */
  readonly #spent = new Set<string>();

  constructor(storage: KeyStorage | undefined, timers: Timers, emit: ClientEventListener) {
    this.#storage = storage;
    this.#timers = timers;
    this.#emit = emit;
  }

  /** The key that waits for an answer, if there is one. */
  async find(operation: string): Promise<StoredKey | undefined> {
    const found = this.#memory.get(operation) ?? (await this.#read(operation));
    return found !== undefined && this.#spent.has(found.key) ? undefined : found;
  }

  /** Keeps a new key. */
  async keep(operation: string, entry: StoredKey): Promise<void> {
    const written = await this.#try(operation, 'write', async (storage) =>
      storage.setItem(entryName(operation), formatEntry(entry)),
    );
    if (!written) this.#memory.set(operation, entry);
  }

  /** Drops a key; another key that took its place meanwhile (another tab's) stays. */
  async drop(operation: string, key: string): Promise<void> {
    if (this.#memory.get(operation)?.key === key) this.#memory.delete(operation);
    const removed = await this.#try(operation, 'remove', async (storage) => {
      const found = parseEntry((await storage.getItem(entryName(operation))) ?? '');
      if (found?.key === key) await storage.removeItem(entryName(operation));
    });
    if (!removed && this.#storage !== undefined) this.#spent.add(key);
  }

  async #read(operation: string): Promise<StoredKey | undefined> {
    let text: string | null | undefined;
    await this.#try(operation, 'read', async (storage) => {
      text = await storage.getItem(entryName(operation));
    });
    return parseEntry(text ?? '');
  }

  async #try(
    operation: string,
    during: 'read' | 'write' | 'remove',
    use: (storage: KeyStorage) => Promise<unknown>,
  ): Promise<boolean> {
    if (this.#storage === undefined) return false;
    try {
      await within(this.#timers, use(this.#storage));
      return true;
    } catch (error) {
      this.#emit({ type: 'storage-failed', operation, during, error });
      return false;
    }
  }
}
