/**
 * Notifies the waiters of this process that a record may have changed.
 *
 * @module
 */

/** Listeners by record id. */
export class Watchers {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls `onChange` at every notification for `id`, until the returned function is called. */
  watch(id: string, onChange: () => void): () => void {
    const set = this.#listeners.get(id) ?? new Set();
    // The same function passed twice makes two subscriptions.
    const listener = () => onChange();
    this.#listeners.set(id, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(id) === set) this.#listeners.delete(id);
    };
  }

  /** True if there are no waiters. */
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
        // An error of a waiter must not fail the write that it waits for.
      }
    }
  }

  /** Removes all listeners. */
  clear(): void {
    this.#listeners.clear();
  }
}
