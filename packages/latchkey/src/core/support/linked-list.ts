/**
 * A list that is linked through its entries. Each request is added to several lists and removed soon after: a Set or a
 * Map would allocate a new table every few requests.
 *
 * @module
 */

/** An entry, which can be in one list at a time. */
export abstract class Linked {
  /**
   * The neighbours in the list; undefined while it is in no list.
   *
   * @internal
   */
  previous: Linked | undefined;
  /** @internal */
  next: Linked | undefined;
}

class Ends extends Linked {
  override previous: Linked = this;
  override next: Linked = this;
}

/** A list that is linked through its entries. */
export class LinkedList<Entry extends Linked> {
  /** The anchor: the start and end of the list. */
  readonly #ends = new Ends();

  add(entry: Entry): void {
    const last = this.#ends.previous;
    entry.previous = last;
    entry.next = this.#ends;
    last.next = entry;
    this.#ends.previous = entry;
  }

  has(entry: Entry): boolean {
    return entry.next !== undefined;
  }

  /** @returns whether the entry was in the list. */
  delete(entry: Entry): boolean {
    const { previous, next } = entry;
    if (previous === undefined || next === undefined) return false;
    previous.next = next;
    next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    return true;
  }

  /** Returns the current entries, in the order in which they were added. */
  all(): Entry[] {
    const entries: Entry[] = [];
    for (let entry = this.#ends.next; entry !== this.#ends; entry = entry.next as Linked) entries.push(entry as Entry);
    return entries;
  }
}
