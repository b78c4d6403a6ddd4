import type { RowSample } from './round.ts';
import { type Row, titleOf } from './rows.ts';

/** The figures of a row that this run left out: what depends on it is not measured either. */
const leftOut: RowSample = {
  requestsPerSecond: Number.NaN,
  mainUsPerRequest: Number.NaN,
  cpuUsPerRequest: Number.NaN,
  delayP99Ms: Number.NaN,
  heapBytesPerRequest: Number.NaN,
  bytesPerRecord: Number.NaN,
};

/** What the bench came to. */
export class Results {
  readonly #figures: ReadonlyMap<string, RowSample>;
  /** Single appends of 4 KB, each made durable, in a second. */
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
