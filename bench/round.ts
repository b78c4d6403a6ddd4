import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { LoadAnswer } from './load/main.ts';
import { bytesPerRecord } from './record-size.ts';
import { type Row, titleOf } from './rows.ts';
import { type Load, type Sample, type Server, sample, type Timing } from './sampling.ts';

/** The folders that the processes need. */
export interface Places {
  /** Folder for the records. */
  readonly data: string;
  /** Folder with the former code. */
  readonly former: string;
}

/** The results of one process of a row. */
export interface RowSample extends Sample {
  /** Only for first requests with records in a file. */
  readonly bytesPerRecord: number;
}

type Use<Result> = (server: Server, load: Load) => Promise<Result>;

/** Runs one row once: a new server with new data, and the load from another process. */
async function withServer<Result>(row: Row, places: Places, flags: readonly string[], use: Use<Result>) {
  const folder = mkdtempSync(join(places.data, 'records-'));
  const server: Server = new Child('server/main.ts', [JSON.stringify(row), folder, places.former], flags);
  try {
    const { port } = await server.ask({ kind: 'listen' });
    const load: Load = new Child('load/main.ts', [String(port), row.keys]);
    const result = await use(server, load).finally(() => load.kill());
    await server.stop();
    const hasFile = row.store === 'sqlite' && row.keys === 'unique';
    return { ...result, bytesPerRecord: hasFile ? bytesPerRecord(folder) : Number.NaN };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

function checkOf(row: Row) {
  return ({ requests, replays }: LoadAnswer) => {
    const wanted = row.release !== 'bare' && row.keys === 'repeated' ? requests : 0;
    if (replays !== wanted) throw new Error(`${titleOf(row)}: ${replays} replays of ${requests}`);
  };
}

/** Measures one row in one process. */
export function runRound(row: Row, places: Places, timing: Timing): Promise<RowSample> {
  return withServer(row, places, [], (server, load) => sample(server, load, timing, checkOf(row)));
}

/** Large enough that no garbage is collected during a slice of a thousand requests. */
const roomy = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

/** @returns the heap bytes that a request of the row allocates */
export async function heapBytesOf(row: Row, places: Places): Promise<number> {
  const timing: Timing = { warmUpSeconds: 3, seconds: 0, slices: 8 };
  const measured = await withServer(row, places, roomy, (server, load) => sample(server, load, timing, checkOf(row)));
  return measured.heapBytesPerRequest;
}

/** Writes a CPU profile of one row to a file. */
export async function profileRow(row: Row, places: Places, file: string): Promise<void> {
  await withServer(row, places, [], async (server, load) => {
    await load.ask({ seconds: 8 });
    await server.ask({ kind: 'begin', profiled: true });
    await load.ask({ seconds: 5 });
    return server.ask({ kind: 'end', profile: file });
  });
}
