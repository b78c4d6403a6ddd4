/**
 * Controls time. Events happen one after another at their times, and between two of them all promises have settled, so
 * that the seed alone determines the order of events.
 */

interface Due {
  readonly atMs: number;
  readonly sequence: number;
  readonly happen: () => void;
  isCalledOff: boolean;
}

const isBefore = (a: Due, b: Due) => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);

/** An event that can be cancelled. */
export type Planned = Due;

/** The queue of future events. */
export class Scheduler {
  /** Milliseconds since the beginning of the world. */
  now = 0;
  readonly #heap: Due[] = [];
  #sequence = 0;

  /** Schedules an event in `delayMs` milliseconds; events at equal times keep their order. */
  after(delayMs: number, happen: () => void): Planned {
    this.#sequence += 1;
    const due = { atMs: this.now + Math.max(0, delayMs), sequence: this.#sequence, happen, isCalledOff: false };
    this.#push(due);
    return due;
  }

  callOff(planned: Planned): void {
    planned.isCalledOff = true;
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Runs until there are no events, or until `untilMs`; gives up after `mostEvents`. */
  async run(untilMs: number, mostEvents: number): Promise<void> {
    await settled();
    for (let events = 0; ; ) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      if (next.isCalledOff) continue;
      events += 1;
      if (events > mostEvents) throw new Error(`The world came to no end: ${mostEvents} events by ${this.now} ms.`);
      this.now = next.atMs;
      next.happen();
      await settled();
    }
    if (Number.isFinite(untilMs)) this.now = untilMs;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    for (let parent = (at - 1) >> 1; at > 0; parent = (at - 1) >> 1) {
      const above = heap[parent];
      if (above === undefined || !isBefore(due, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }

  #smallerChild(at: number): number {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

/** By the next turn of the event loop all microtasks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
