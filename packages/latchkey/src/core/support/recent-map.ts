/**
 * A map that drops entries that were not used recently, so it can't grow without limit.
 *
 * @module
 */

/** Holds between `limit` and twice as many of the latest entries; drops all older ones at once. */
export class RecentMap<Value> {
  readonly #limit: number;
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  set(key: string, value: Value): void {
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }

  get(key: string): Value | undefined {
    const value = this.#recent.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  delete(key: string): void {
    this.#recent.delete(key);
    this.#older.delete(key);
  }
}
