import { Child } from '../child.ts';
import type { LoadAnswer } from '../load/main.ts';
import { type Load, type Sample, type Server, sample, type Timing } from '../sampling.ts';
import type { Backing } from './backing.ts';
import { type Row, titleOf } from './contestants.ts';

/** The results of one process of one row. */
export interface RowSample extends Sample {
  readonly commandsPerRequest: number;
}

type Use<Result> = (server: Server, load: Load) => Promise<Result>;

/** Runs one row once: a new server on an empty store, and the load from another process. */
async function withServer<Result>(row: Row, backing: Backing, use: Use<Result>): Promise<Result> {
  await backing.clear();
  const server: Server = new Child('stores/server.ts', [row.contestant, JSON.stringify(backing.engines)]);
  try {
    const { port } = await server.ask({ kind: 'listen' });
    const load: Load = new Child('load/main.ts', [String(port), row.keys]);
    return await use(server, load).finally(() => load.kill());
  } finally {
    await server.stop().finally(() => server.kill());
  }
}

function checkOf(row: Row) {
  const works = row.keys === 'unique' || row.contestant === 'bare';
  return ({ requests }: LoadAnswer, runs: number) => {
    if (runs === (works ? requests : 0)) return;
    throw new Error(`${titleOf(row)}: the work was done ${runs} times for ${requests} requests.`);
  };
}

/** Measures one row in one process, then counts its commands, which slows the server down. */
export function runRound(row: Row, backing: Backing, timing: Timing): Promise<RowSample> {
  return withServer(row, backing, async (server, load) => {
    const measured = await sample(server, load, timing, checkOf(row));
    return { ...measured, commandsPerRequest: await countCommands(load, backing) };
  });
}

async function countCommands(load: Load, backing: Backing): Promise<number> {
  let requests = 0;
  const commands = await backing.commandsDuring(async () => {
    ({ requests } = await load.ask({ seconds: 0 }));
  });
  return commands / requests;
}

/** Writes a CPU profile of one row to a file. */
export async function profileRow(row: Row, backing: Backing, file: string): Promise<void> {
  await withServer(row, backing, async (server, load) => {
    await load.ask({ seconds: 8 });
    await server.ask({ kind: 'begin', profiled: true });
    await load.ask({ seconds: 5 });
    return server.ask({ kind: 'end', profile: file });
  });
}
