/** Traces one request through the library: the files and functions that it enters, in order. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Server, request as send } from 'node:http';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Place, takeEntered } from './instrument.ts';
import { librarySources } from './sources.ts';

export interface Walk {
  readonly files: number;
  /** The functions that V8 counts, including the initialization of a class's fields. */
  readonly functions: number;
  /** How often the request returns to a file that it had left. */
  readonly returns: number;
  readonly places: readonly Place[];
}

export interface Walks {
  readonly first: Walk;
  readonly replay: Walk;
}

const body = '{"amount":2000,"currency":"usd"}';
const repeats = 3;
/** Time for the work that a request does after its answer. */
const settleMs = 30;

/** Sends first requests and replays to a server, and traces each through the library. */
export async function walksOf(server: Server): Promise<Walks> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await post(port, randomUUID());
  const walks: Walks[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const key = randomUUID();
    walks.push({ first: await follow(session, port, key), replay: await follow(session, port, key) });
  }
  session.disconnect();
  server.close();
  return { first: shortest(walks.map(({ first }) => first)), replay: shortest(walks.map(({ replay }) => replay)) };
}

/** The shortest trace counts, since a body in two pieces or a timer lengthens a trace by chance. */
function shortest(walks: readonly Walk[]): Walk {
  return walks.reduce((best, walk) => (walk.places.length < best.places.length ? walk : best));
}

async function follow(session: Session, port: number, key: string): Promise<Walk> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  takeEntered();
  await post(port, key);
  await pause(settleMs);
  const places = takeEntered();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const ofLibrary = result.filter(({ url }) => url.startsWith(librarySources.href));
  const functions = ofLibrary.flatMap((script) => script.functions).filter(({ ranges }) => ranges[0]?.count);
  const { files, returns } = filesIn(places);
  return { files, functions: functions.length, returns, places };
}

function filesIn(places: readonly Place[]): { files: number; returns: number } {
  const stays = places.map(({ file }) => file).filter((file, index, all) => file !== all[index - 1]);
  const files = new Set(stays).size;
  return { files, returns: stays.length - files };
}

/** Describes the path: each visit of a file with the functions entered there. */
export function storyOf({ places }: Walk): string {
  const lines: string[] = [];
  let last = '';
  for (const { file, name } of places) {
    if (file === last) lines.push(`${lines.pop()} ${name}`);
    else lines.push(`    ${file}: ${name}`);
    last = file;
  }
  return lines.join('\n');
}

async function post(port: number, key: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length, 'idempotency-key': key };
  const request = send({ port, host: '127.0.0.1', method: 'POST', path: '/charges', headers });
  request.end(body);
  const [response] = await once(request, 'response');
  if (response.statusCode !== 200) throw new Error(`The application answered ${response.statusCode}.`);
  response.resume();
  await once(response, 'end');
}
