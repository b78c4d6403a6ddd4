/**
 * Counts the lapsed records of a store, a page at a time, so that a scrape can't scan a big store.
 *
 * @module
 */

import { ownFingerprint } from '../core/audit/own-record.ts';
import type { Runtime } from '../core/runtime.ts';
import type { AnyOperatorStore } from '../core/store.ts';
import { withTimeLimit } from '../core/support/store-call.ts';

const pageSize = 100;
/** Maximum number of records that a page looks at, on a store without an index of states. */
const mostRead = 1_000;
/** Minimum time between two pages, however often and by how many collectors the gauge is read. */
const leastPauseMs = 15_000;
/** Time limit for reading a page. */
const limitMs = 5_000;

/** A count that continues with every reading. */
export class UnknownOutcomes {
  readonly #store: Pick<AnyOperatorStore, 'list'>;
  readonly #runtime: Runtime;
  /** The number found by the last complete pass, and by the present one so far. */
  #counted: number | undefined;
  #found = 0;
  #cursor: string | undefined;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #isReading = false;

  constructor(store: Pick<AnyOperatorStore, 'list'>, runtime: Runtime) {
    this.#store = store;
    this.#runtime = runtime;
  }

  /**
   * Returns the count of the last complete pass, or of the present one if that has found more; undefined before the
   * first page, and after one that failed or took too long. Then reads one more page in the background, unless the last one is recent: a slow
   * store must not delay other metrics.
   */
  count(): number | undefined {
    const nowMs = this.#runtime.clock.monotonic();
    const isDue = !this.#isReading && nowMs >= this.#nextAtMs;
    const count = this.#counted ?? (this.#cursor === undefined ? undefined : 0);
    if (isDue) {
      this.#nextAtMs = nowMs + leastPauseMs;
      void this.#readPage();
    }
    return count === undefined ? undefined : Math.max(count, this.#found);
  }

  async #readPage(): Promise<void> {
    const cursor = this.#cursor;
    this.#isReading = true;
    try {
      const asked = { state: 'lapsed', limit: pageSize, mostRead, ...(cursor !== undefined && { cursor }) } as const;
      const { records, next } = await withTimeLimit(this.#runtime, limitMs, this.#store.list(asked));
      this.#add(records.filter(({ fingerprint }) => fingerprint !== ownFingerprint).length, next);
    } catch {
      // The store reports its faults itself. The next pass starts from the first page, since the store may no longer know the cursor.
      this.#counted = undefined;
      this.#found = 0;
      this.#cursor = undefined;
    } finally {
      this.#isReading = false;
    }
  }

  #add(found: number, next: string | undefined): void {
    this.#found += found;
    this.#cursor = next;
    if (next !== undefined) return;
    this.#counted = this.#found;
    this.#found = 0;
  }
}
