/**
 * A list that is linked through its entries. Each request enters several and leaves them soon after: a Set or a Map would
 * make a new table every few requests.
 *
 * @module
 */

/** What can be in one list at a time. */
export abstract class Linked {
  /** Neighbours in the list; undefined while it is in none. */
  previous: Linked | undefined;
  next: Linked | undefined;
}

class Ends extends Linked {
  override previous: Linked = this;
  override next: Linked = this;
}

/** See the module. */
export abstract class LinkedList<Entry extends Linked> {
  /** Where the list begins and ends. */
  readonly #ends = new Ends();

  add(entry: Entry): void {
    const last = this.#ends.previous;
    entry.previous = last;
    entry.next = this.#ends;
    last.next = entry;
    this.#ends.previous = entry;
  }

  /** Whether it was there. */
  delete(entry: Entry): boolean {
    const { previous, next } = entry;
    if (previous === undefined || next === undefined) return false;
    previous.next = next;
    next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    return true;
  }

  /** The entries of now, in the order in which they came. */
  all(): Entry[] {
    const entries: Entry[] = [];
    for (let entry = this.#ends.next; entry !== this.#ends; entry = entry.next as Linked) entries.push(entry as Entry);
    return entries;
  }
}
