import { type SeededRandom, seededRandom } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { Load } from './load.ts';
import { retryAll, verifyDatabase } from './verify.ts';

/** The extent of the test. */
export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
}

/** The result of the test. */
export interface CrashReport {
  readonly acknowledged: number;
  /** Payments that were pending when the server died, summed over all kills. */
  readonly struck: number;
  /** Payments that needed more than one request. */
  readonly retried: number;
  readonly violations: readonly string[];
}

const width = 24;
const longestLifeMs = 600;

/** Repeatedly kills the server at random instants under load; then compares the answers with the database. */
export async function runCrashes({ kills, seed }: CrashOptions): Promise<CrashReport> {
  const random = seededRandom(seed);
  const server = await ServerProcess.start();
  try {
    const load = new Load(server.url, width, random);
    const struck = await killRepeatedly(server, load, kills, random);
    const unanswered = await load.finish();
    const { acknowledged } = load;
    const broken = await retryAll(server.url, acknowledged);
    await server.end('SIGTERM');
    const violations = [...unanswered, ...broken, ...(await verifyDatabase(server.dataFolder, acknowledged))];
    const retried = acknowledged.filter(({ attempts }) => attempts > 1).length;
    return { acknowledged: acknowledged.length, struck, retried, violations };
  } finally {
    await server.remove();
  }
}

async function killRepeatedly(server: ServerProcess, load: Load, kills: number, random: SeededRandom): Promise<number> {
  let struck = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    load.flow();
    await new Promise((resolve) => setTimeout(resolve, random.integer(20, longestLifeMs)));
    load.hold();
    struck += load.waiting;
    await server.end('SIGKILL');
    await server.restart();
  }
  return struck;
}

/** The last line of a run. */
export function describeCrashes({ kills, seed }: CrashOptions, report: CrashReport): string {
  const { acknowledged, struck, retried, violations } = report;
  const details = `${acknowledged} payments, ${struck} struck, ${retried} retried, seed ${seed}`;
  return [...violations.slice(0, 20), `${kills} kills, ${violations.length} violations (${details})`].join('\n');
}
