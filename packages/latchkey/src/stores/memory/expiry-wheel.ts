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
    const round: Round<T> = { nowMs, limit, effort, onExpired, taken: 0 };
    while (this.#cursor <= Math.floor(nowMs / slotMs) && hasBudget(round)) {
      const items = this.#slots.get(this.#cursor);
      if (items === undefined) this.#advance();
      else if (!this.#lookThrough(this.#cursor, items, round)) break;
    }
    return round.taken;
  }

  /** False if items must stay in the slot for a later time of the same second. */
  #lookThrough(slot: number, items: T[], round: Round<T>): boolean {
    const early: T[] = [];
    for (let item = items.pop(); item !== undefined; item = hasBudget(round) ? items.pop() : undefined) {
      round.effort -= 1;
      if (item.slot !== slot) continue;
      if (item.expiresAtMs <= round.nowMs) this.#take(item, round);
      else if (Math.floor(item.expiresAtMs / slotMs) > slot) this.#moveOn(item);
      else early.push(item);
    }
    for (const item of early) items.push(item);
    if (items.length === 0) this.#slots.delete(slot);
    return early.length === 0;
  }

  #take(item: T, round: Round<T>): void {
    item.slot = offWheel;
    round.taken += 1;
    round.onExpired(item);
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

/** One call of `takeExpired`: what it may do, and what it did. */
interface Round<T> {
  readonly nowMs: number;
  readonly limit: number;
  effort: number;
  readonly onExpired: (item: T) => void;
  taken: number;
}

function hasBudget(round: Round<never>): boolean {
  return round.taken < round.limit && round.effort > 0;
}
