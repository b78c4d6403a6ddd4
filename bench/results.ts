import type { RowSample } from './round.ts';
import { type Row, titleOf } from './rows.ts';

/** The figures of a row that this run left out; targets that depend on it are left out too. */
const leftOut: RowSample = {
  requestsPerSecond: Number.NaN,
  mainUsPerRequest: Number.NaN,
  cpuUsPerRequest: Number.NaN,
  delayP99Ms: Number.NaN,
  heapBytesPerRequest: Number.NaN,
  bytesPerRecord: Number.NaN,
};

/** The results of the bench. */
export class Results {
  readonly #figures: ReadonlyMap<string, RowSample>;
  /** Durable appends of 4 KB per second. */
  readonly fdatasyncPerSecond: number;

  /** @param figures - by the titles of the rows, in the order of the table. */
  constructor(figures: ReadonlyMap<string, RowSample>, fdatasyncPerSecond: number) {
    this.#figures = figures;
    this.fdatasyncPerSecond = fdatasyncPerSecond;
  }

  of(row: Row): RowSample {
    return this.#figures.get(titleOf(row)) ?? leftOut;
  }
}
