import type { RowName } from './rows.ts';
import type { Target } from './target.ts';

/** The medians of one row. */
export interface Figures {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  readonly delayP99Ms: number;
  readonly bytesPerRecord: number;
}

export interface Results {
  readonly rows: Readonly<Record<RowName, Figures>>;
  readonly fdatasyncPerSecond: number;
}

const addedCpu =
  (row: RowName) =>
  ({ rows }: Results) =>
    rows[row].cpuUsPerRequest - rows.bare.cpuUsPerRequest;

/** The body of every response. */
const responseBytes = 400;

export const targets: readonly Target<Results>[] = [
  {
    title: 'memory, first: added CPU',
    unit: 'µs',
    bound: 'at most',
    limit: 20,
    digits: 1,
    measured: addedCpu('memory-first'),
  },
  {
    title: 'memory, replay: added CPU',
    unit: 'µs',
    bound: 'at most',
    limit: 15,
    digits: 1,
    measured: addedCpu('memory-replay'),
  },
  {
    title: 'SQLite, first: rate against fdatasync',
    unit: '×',
    bound: 'at least',
    limit: 1.5,
    digits: 2,
    measured: ({ rows, fdatasyncPerSecond }) => rows['sqlite-first'].requestsPerSecond / fdatasyncPerSecond,
  },
  {
    title: 'SQLite, first: event-loop delay p99',
    unit: 'ms',
    bound: 'at most',
    limit: 15,
    digits: 1,
    measured: ({ rows }) => rows['sqlite-first'].delayP99Ms,
  },
  {
    title: 'SQLite, replay: rate against bare',
    unit: '×',
    bound: 'at least',
    limit: 0.7,
    digits: 2,
    measured: ({ rows }) => rows['sqlite-replay'].requestsPerSecond / rows.bare.requestsPerSecond,
  },
  {
    title: 'SQLite: record beyond its response',
    unit: 'bytes',
    bound: 'at most',
    limit: 400,
    digits: 0,
    measured: ({ rows }) => rows['sqlite-first'].bytesPerRecord - responseBytes,
  },
];
