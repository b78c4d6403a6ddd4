/**
 * Finds expired records without sorting them and without a timer for each: they lie in slots of one second, and
 * a slot is looked through when its time has come.
 *
 * @module
 */

const slotMs = 1000;

/** What lies on a wheel. */
export interface Expiring {
  expiresAtMs: number;
  /** Where it lies; kept by the wheel. `offWheel` before it is placed and after it was taken off. */
  slot: number;
}

/** The slot of an item that lies on no wheel. */
export const offWheel = Number.POSITIVE_INFINITY;

/**
 * The slots. An item whose expiry moves to a later time stays where it is and is moved on when its slot is due; one
 * whose expiry moves to an earlier time is placed again, and its old place is passed over.
 */
export class ExpiryWheel<T extends Expiring> {
  readonly #slots = new Map<number, T[]>();
  /** No slot before this one holds anything. */
  #cursor = Number.POSITIVE_INFINITY;

  /** Sees to it that the item is looked at no later than `atMs`, which is at most its expiry. */
  place(item: T, atMs = item.expiresAtMs): void {
    const slot = Math.floor(atMs / slotMs);
    if (slot >= item.slot) return;
    item.slot = slot;
    const items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, [item]);
    else items.push(item);
    if (slot < this.#cursor) this.#cursor = slot;
  }

  /** Takes an item off, wherever it lies. */
  remove(item: T): void {
    item.slot = offWheel;
  }

  /** Whether a slot is due that `takeExpired` would empty. */
  isDue(nowMs: number): boolean {
    return this.#cursor < Math.floor(nowMs / slotMs);
  }

  /** Takes up to `limit` items off that have expired, looking at up to `effort` of them; hands each to `onExpired`. */
  takeExpired(nowMs: number, limit: number, effort: number, onExpired: (item: T) => void): number {
    const last = Math.floor(nowMs / slotMs);
    let taken = 0;
    let looks = effort;
    while (this.#cursor <= last && taken < limit && looks > 0) {
      const items = this.#slots.get(this.#cursor);
      if (items === undefined) {
        this.#advance();
        continue;
      }
      const slot = this.#cursor;
      const early: T[] = [];
      for (; items.length > 0 && taken < limit && looks > 0; looks -= 1) {
        const item = items.pop();
        if (item === undefined || item.slot !== slot) continue;
        if (item.expiresAtMs <= nowMs) {
          item.slot = offWheel;
          taken += 1;
          onExpired(item);
        } else if (Math.floor(item.expiresAtMs / slotMs) > slot) this.#moveOn(item);
        else early.push(item);
      }
      const drained = items.length === 0;
      for (const item of early) items.push(item);
      if (items.length === 0) this.#slots.delete(slot);
      else if (drained) break;
    }
    return taken;
  }

  #moveOn(item: T): void {
    item.slot = offWheel;
    this.place(item);
  }

  #advance(): void {
    let next = Number.POSITIVE_INFINITY;
    if (this.#slots.has(this.#cursor + 1)) next = this.#cursor + 1;
    else for (const slot of this.#slots.keys()) if (slot < next) next = slot;
    this.#cursor = next;
  }
}
