import { readFileSync } from 'node:fs';
import { readCharges } from '../support/charges-in-database.ts';
import { operationsIn } from '../support/operations.ts';
import { seededRandom } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type FuzzCase, makeCases } from './cases.ts';
import { exchange, statusOf } from './raw-exchange.ts';

/** What a run found. */
export interface FuzzReport {
  readonly faults: readonly string[];
  readonly charges: number;
  readonly statuses: ReadonlyMap<number | undefined, number>;
  readonly memoryAfterWarmUp: number;
  readonly memoryAtEnd: number;
}

const width = 32;
const warmUpShare = 0.4;

/** With a small young generation the resident memory shows the used memory, not the time of V8's last collection. */
const nodeOptions = ['--max-semi-space-size=1'];

/** Sends `count` requests made from `seed` to a real server, and checks the result. */
export async function runFuzz(count: number, seed: number): Promise<FuzzReport> {
  const cases = makeCases(count, seededRandom(seed));
  const server = await ServerProcess.start('server', nodeOptions);
  const { pid, port } = server;
  const warm = Math.floor(count * warmUpShare);
  const answers = await sendAll(port, cases.slice(0, warm));
  const memoryAfterWarmUp = residentBytes(pid);
  answers.push(...(await sendAll(port, cases.slice(warm))));
  const memoryAtEnd = residentBytes(pid);
  const ending = await server.end('SIGTERM');
  const faults = [
    ...(ending.code === 0 ? [] : [`the server ended with ${JSON.stringify(ending)}: ${server.errors}`]),
    ...cases.flatMap((fuzzCase, index) => faultsOf(fuzzCase, answers[index] ?? '')),
    ...(await faultsInDatabase(server.dataFolder, cases)),
  ];
  const charges = readCharges(server.dataFolder).length;
  await server.remove();
  const statuses = countBy(answers.map(statusOf));
  return { faults, charges, statuses, memoryAfterWarmUp, memoryAtEnd };
}

async function sendAll(port: number, cases: readonly FuzzCase[]): Promise<string[]> {
  const answers: string[] = [];
  const queue = cases.entries();
  const work = async () => {
    for (const [index, { request }] of queue) answers[index] = await exchange(port, request);
  };
  await Promise.all(Array.from({ length: width }, work));
  return answers;
}

function faultsOf({ request, description, expected }: FuzzCase, answer: string): string[] {
  const status = statusOf(answer);
  const what = `${description}: ${answer.split('\r\n', 1)[0] || 'no answer'} to ${excerpt(request.pieces)}`;
  if (status === undefined) return request.hangUpAfter === undefined && expected === 'charge' ? [what] : [];
  if (status >= 500) return [what];
  return expected === 'charge' && ![200, 400, 409].includes(status) ? [what] : [];
}

/** Finds keys with two charges, unexpected charges, charges without their key, and charges without an answer. */
async function faultsInDatabase(folder: string, cases: readonly FuzzCase[]): Promise<string[]> {
  const completed = await operationsIn(folder, 'completed');
  const refused = new Set(cases.filter(({ expected }) => expected === 'refuse').map(({ description }) => description));
  const charges = readCharges(folder);
  const perKey = countBy(charges.map(({ description }) => (description ?? '').replace('other than ', '')));
  return [
    ...[...perKey].filter(([, count]) => count > 1).map(([name, count]) => `${name}: charged ${count} times`),
    ...charges
      .filter(({ description }) => refused.has(description ?? ''))
      .map(({ description }) => `${description}: charged`),
    ...charges
      .filter(({ operationId }) => operationId === null)
      .map(({ description }) => `${description}: unprotected`),
    ...charges.filter(({ operationId }) => !completed.has(operationId ?? '')).map(({ id }) => `${id}: has no answer`),
  ];
}

function excerpt(pieces: readonly Buffer[]): string {
  return JSON.stringify(Buffer.concat(pieces).toString('latin1').slice(0, 600));
}

function countBy<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** The resident memory of a process. */
function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
