import { rowNames, rows } from './rows.ts';
import { targetLines } from './target.ts';
import { type Results, targets } from './targets.ts';

const columns = ['requests/s', 'CPU µs', 'added µs', 'delay p99 ms', 'bytes/record'];

function line(title: string, cells: readonly string[]): string {
  return title.padEnd(30) + cells.map((cell) => cell.padStart(14)).join('');
}

function cell(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}

/** The table of medians, and below it the targets. */
export function report(results: Results): string {
  const bare = results.rows.bare.cpuUsPerRequest;
  const body = rowNames.map((name) => {
    const { requestsPerSecond, cpuUsPerRequest, delayP99Ms, bytesPerRecord } = results.rows[name];
    const added = cell(name === 'bare' ? Number.NaN : cpuUsPerRequest - bare, 1);
    const cells = [cell(requestsPerSecond, 0), cell(cpuUsPerRequest, 1), added, cell(delayP99Ms, 1)];
    return line(rows[name].title, [...cells, cell(bytesPerRecord, 0)]);
  });
  const disk = line('4 KB append + fdatasync', [cell(results.fdatasyncPerSecond, 0)]);
  return ['', line('', columns), ...body, disk, '', ...targetLines(targets, results), ''].join('\n');
}
