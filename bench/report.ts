import type { Results } from './results.ts';
import { bareOf, type Row, titleOf } from './rows.ts';
import { targetLines } from './target.ts';
import { targets } from './targets.ts';

const columns = [
  'requests/s',
  'CPU µs',
  'added µs',
  'all threads',
  'delay p99 ms',
  'heap KiB',
  'added KiB',
  'bytes/record',
];

function line(title: string, cells: readonly string[]): string {
  return title.padEnd(36) + cells.map((cell) => cell.padStart(13)).join('');
}

function cell(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}

function rowLine(row: Row, results: Results): string {
  const figures = results.of(row);
  const bare = row.release === 'bare' ? undefined : results.of(bareOf(row.framework));
  const added = (value: number, ofBare: number | undefined) => value - (ofBare ?? Number.NaN);
  return line(titleOf(row), [
    cell(figures.requestsPerSecond, 0),
    cell(figures.mainUsPerRequest, 1),
    cell(added(figures.mainUsPerRequest, bare?.mainUsPerRequest), 1),
    cell(figures.cpuUsPerRequest, 1),
    cell(figures.delayP99Ms, 1),
    cell(figures.heapBytesPerRequest / 1024, 1),
    cell(added(figures.heapBytesPerRequest, bare?.heapBytesPerRequest) / 1024, 1),
    cell(figures.bytesPerRecord, 0),
  ]);
}

/** The table, followed by the targets. */
export function report(rows: readonly Row[], results: Results): string {
  const body = rows.map((row) => rowLine(row, results));
  const disk = line('4 KB append + fdatasync', [cell(results.fdatasyncPerSecond, 0)]);
  return ['', line('', columns), ...body, disk, '', ...targetLines(targets, results), ''].join('\n');
}
