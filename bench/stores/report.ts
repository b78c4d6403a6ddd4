import { type Target, targetLines } from '../target.ts';
import { type Row, titleOf } from './contestants.ts';
import type { Sample } from './round.ts';

/** Of a contestant that this run did not ask for: what depends on it is not measured either. */
const leftOut: Sample = {
  requestsPerSecond: Number.NaN,
  cpuUsPerRequest: Number.NaN,
  commandsPerRequest: Number.NaN,
};

/** The medians of every row of a contest. */
export class Results {
  readonly #figures: readonly (readonly [Row, Sample])[];

  constructor(figures: readonly (readonly [Row, Sample])[]) {
    this.#figures = figures;
  }

  get all(): readonly (readonly [Row, Sample])[] {
    return this.#figures;
  }

  of(contestant: Row['contestant'], keys: Row['keys']): Sample {
    const found = this.#figures.find(([row]) => row.contestant === contestant && row.keys === keys);
    return found?.[1] ?? leftOut;
  }
}

const columns = ['requests/s', 'CPU µs', 'added µs', 'commands'];

function line(title: string, cells: readonly string[]): string {
  return title.padEnd(36) + cells.map((cell) => cell.padStart(14)).join('');
}

/** The table of medians, and below it the targets. */
export function report(results: Results, targets: readonly Target<Results>[]): string {
  const bare = results.of('bare', 'unique').cpuUsPerRequest;
  const body = results.all.map(([row, { requestsPerSecond, cpuUsPerRequest, commandsPerRequest }]) => {
    const added = row.contestant === 'bare' ? '' : (cpuUsPerRequest - bare).toFixed(1);
    const cells = [requestsPerSecond.toFixed(0), cpuUsPerRequest.toFixed(1), added, commandsPerRequest.toFixed(2)];
    return line(titleOf(row), cells);
  });
  return ['', line('', columns), ...body, '', ...targetLines(targets, results), ''].join('\n');
}
