import { type Target, targetLines } from '../target.ts';
import { type Row, titleOf } from './contestants.ts';
import type { RowSample } from './round.ts';

/** The figures of a contestant that this run left out; targets that depend on it are left out too. */
const leftOut: RowSample = {
  requestsPerSecond: Number.NaN,
  mainUsPerRequest: Number.NaN,
  cpuUsPerRequest: Number.NaN,
  delayP99Ms: Number.NaN,
  heapBytesPerRequest: Number.NaN,
  commandsPerRequest: Number.NaN,
};

/** The figures of every row of a contest. */
export class Results {
  readonly #figures: readonly (readonly [Row, RowSample])[];

  constructor(figures: readonly (readonly [Row, RowSample])[]) {
    this.#figures = figures;
  }

  get all(): readonly (readonly [Row, RowSample])[] {
    return this.#figures;
  }

  of(contestant: Row['contestant'], keys: Row['keys']): RowSample {
    const found = this.#figures.find(([row]) => row.contestant === contestant && row.keys === keys);
    return found?.[1] ?? leftOut;
  }
}

const columns = ['requests/s', 'CPU µs', 'added µs', 'all threads', 'commands'];

function line(title: string, cells: readonly string[]): string {
  return title.padEnd(44) + cells.map((cell) => cell.padStart(13)).join('');
}

/** The table, followed by the targets. */
export function report(results: Results, targets: readonly Target<Results>[]): string {
  const bare = results.of('bare', 'unique').mainUsPerRequest;
  const body = results.all.map(([row, figures]) => {
    const { requestsPerSecond, mainUsPerRequest, cpuUsPerRequest, commandsPerRequest } = figures;
    const added = row.contestant === 'bare' ? '' : (mainUsPerRequest - bare).toFixed(1);
    const cells = [requestsPerSecond.toFixed(0), mainUsPerRequest.toFixed(1), added, cpuUsPerRequest.toFixed(1)];
    return line(titleOf(row), [...cells, commandsPerRequest.toFixed(2)]);
  });
  return ['', line('', columns), ...body, '', ...targetLines(targets, results), ''].join('\n');
}
