// The server under test: main.ts ROW FOLDER

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from '../child.ts';
import { isRowName, rows } from '../rows.ts';
import { guarded } from './guarded.ts';
import { startMeasuring, type Usage } from './measure.ts';
import { startProfile } from './profiler.ts';

export type ServerQuestion =
  | { readonly kind: 'listen' }
  | { readonly kind: 'begin'; readonly profiled: boolean }
  | { readonly kind: 'end'; readonly profile?: string };

/** The port, or what was used; each belongs to its question. */
export interface ServerAnswer {
  readonly port?: number;
  readonly usage?: Usage;
}

const [name = '', folder = ''] = process.argv.slice(2);
if (!isRowName(name)) throw new Error(`No such row: ${name}`);
const { listener, close } = guarded(rows[name].store, folder);
const server = createServer(listener);

let endMeasuring = startMeasuring();
let endProfile: ((file: string) => Promise<void>) | undefined;

async function answer(question: ServerQuestion): Promise<ServerAnswer> {
  if (question.kind === 'listen') return { port: await listen() };
  if (question.kind === 'begin') {
    if (question.profiled) endProfile = await startProfile();
    endMeasuring = startMeasuring();
    return {};
  }
  const usage = endMeasuring();
  if (question.profile !== undefined) await endProfile?.(question.profile);
  return { usage };
}

async function listen(): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

answerQuestions(answer, async () => {
  server.closeAllConnections();
  server.close();
  await close();
});
