/**
 * Tells the waiters of this process that a record may have changed.
 *
 * @module
 */

/** Listeners by record id. */
export class Watchers {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls `onChange` at every notice for `id`, until the function that it returns is called. */
  watch(id: string, onChange: () => void): () => void {
    const set = this.#listeners.get(id) ?? new Set();
    // The same function may be given twice and is then two subscriptions.
    const listener = () => onChange();
    this.#listeners.set(id, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(id) === set) this.#listeners.delete(id);
    };
  }

  /** True if nobody waits. */
  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Calls the listeners of `id`. */
  notify(id: string): void {
    if (this.#listeners.size === 0) return;
    for (const listener of this.#listeners.get(id) ?? []) {
      try {
        listener();
      } catch {
        // The write that a waiter waits for must not fail because of the waiter.
      }
    }
  }

  /** Forgets all listeners. */
  clear(): void {
    this.#listeners.clear();
  }
}
