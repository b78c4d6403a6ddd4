import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import type { LoadAnswer, LoadQuestion } from './load/main.ts';
import { bytesPerRecord } from './record-size.ts';
import type { Row } from './rows.ts';
import type { ServerAnswer, ServerQuestion } from './server/serve.ts';

/** What one round of one row came to. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number;
  readonly delayP99Ms: number;
  /** Only where records are in a file. */
  readonly bytesPerRecord: number | undefined;
}

export interface RoundOptions {
  readonly folder: string;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Where the server's CPU profile goes, if one is wanted. */
  readonly profile?: string;
}

type Server = Child<ServerQuestion, ServerAnswer>;
type Load = Child<LoadQuestion, LoadAnswer>;

/** Runs one row once: a new server on new data, warmed up, then measured under load from another process. */
export async function runRound(row: Row, options: RoundOptions): Promise<Sample> {
  const folder = mkdtempSync(join(options.folder, `${row.name}-`));
  const server: Server = new Child('server/main.ts', [row.name, folder]);
  try {
    const { port } = await server.ask({ kind: 'listen' });
    const load: Load = new Child('load/main.ts', [String(port), row.keys]);
    const measured = await measure(row, server, load, options).finally(() => load.kill());
    await server.stop();
    const isMeasurable = row.store === 'sqlite' && row.keys === 'unique';
    return { ...measured, bytesPerRecord: isMeasurable ? bytesPerRecord(folder) : undefined };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

async function measure(row: Row, server: Server, load: Load, options: RoundOptions) {
  await load.ask({ seconds: options.warmUpSeconds });
  await server.ask({ kind: 'begin', profiled: options.profile !== undefined });
  const { requests, replays, seconds } = await load.ask({ seconds: options.seconds });
  const { usage } = await server.ask({ kind: 'end', ...(options.profile && { profile: options.profile }) });
  if (replays !== (row.keys === 'repeated' ? requests : 0))
    throw new Error(`${row.name}: ${replays} replays of ${requests}`);
  if (usage === undefined) throw new Error('The server measured nothing.');
  return {
    requestsPerSecond: requests / seconds,
    cpuUsPerRequest: usage.cpuUs / requests,
    delayP99Ms: usage.delayP99Ms,
  };
}
