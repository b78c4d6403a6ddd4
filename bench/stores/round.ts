import { Child } from '../child.ts';
import type { LoadAnswer, LoadQuestion } from '../load/main.ts';
import type { ServerAnswer, ServerQuestion } from '../server/serve.ts';
import type { Backing } from './backing.ts';
import { type Row, titleOf } from './contestants.ts';

/** What one round of one row came to. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  readonly commandsPerRequest: number;
}

export interface RoundOptions {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Where the server's CPU profile goes, if one is wanted. */
  readonly profile?: string;
}

type Server = Child<ServerQuestion, ServerAnswer>;
type Load = Child<LoadQuestion, LoadAnswer>;

/** Runs one row once: a new server on an empty store, warmed up, measured under load, then watched for a moment. */
export async function runRound(row: Row, backing: Backing, options: RoundOptions): Promise<Sample> {
  await backing.clear();
  const server: Server = new Child('stores/server.ts', [row.contestant, JSON.stringify(backing.engines)]);
  try {
    const { port } = await server.ask({ kind: 'listen' });
    const load: Load = new Child('load/main.ts', [String(port), row.keys]);
    try {
      const measured = await measure(row, server, load, options);
      return { ...measured, commandsPerRequest: await countCommands(load, backing) };
    } finally {
      load.kill();
    }
  } finally {
    await server.stop().finally(() => server.kill());
  }
}

async function measure(row: Row, server: Server, load: Load, options: RoundOptions) {
  await load.ask({ seconds: options.warmUpSeconds });
  await server.ask({ kind: 'begin', profiled: options.profile !== undefined });
  const { requests, seconds } = await load.ask({ seconds: options.seconds });
  const { usage, runs } = await server.ask({ kind: 'end', ...(options.profile && { profile: options.profile }) });
  const wanted = row.keys === 'unique' || row.contestant === 'bare' ? requests : 0;
  if (runs !== wanted) throw new Error(`${titleOf(row)}: the work was done ${runs} times for ${requests} requests.`);
  if (usage === undefined) throw new Error('The server measured nothing.');
  return { requestsPerSecond: requests / seconds, cpuUsPerRequest: usage.cpuUs / requests };
}

/** Watching slows a server down, so that it is not done while the time counts. */
async function countCommands(load: Load, backing: Backing): Promise<number> {
  let requests = 0;
  const commands = await backing.commandsDuring(async () => {
    ({ requests } = await load.ask({ seconds: 0 }));
  });
  return commands / requests;
}
