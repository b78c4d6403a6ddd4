/** The child's end of a server under test, which listens and measures itself between two moments. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from '../child.ts';
import { runs } from './handler.ts';
import { startMeasuring, type Usage } from './measure.ts';
import { startProfile } from './profiler.ts';

export type ServerQuestion =
  | { readonly kind: 'listen' }
  | { readonly kind: 'begin'; readonly profiled: boolean }
  | { readonly kind: 'end'; readonly profile?: string };

/** The port, or the resource use, depending on the request. */
export interface ServerAnswer {
  readonly port?: number;
  readonly usage?: Usage;
  /** Number of executions of the handler. */
  readonly runs?: number;
}

/** The server under test, and how to end it once its connections are closed. */
export interface Served {
  readonly server: Server;
  close(): Promise<void>;
}

/** Answers the parent until it disconnects. */
export function serve({ server, close }: Served): void {
  let endMeasuring = startMeasuring();
  let endProfile: ((file: string) => Promise<void>) | undefined;
  let runsBefore = 0;

  async function answer(question: ServerQuestion): Promise<ServerAnswer> {
    if (question.kind === 'listen') return { port: await listen(server) };
    if (question.kind === 'begin') {
      if (question.profiled) endProfile = await startProfile();
      runsBefore = runs.count;
      endMeasuring = startMeasuring();
      return {};
    }
    const usage = endMeasuring();
    if (question.profile !== undefined) await endProfile?.(question.profile);
    return { usage, runs: runs.count - runsBefore };
  }

  answerQuestions(answer, async () => {
    server.closeAllConnections();
    server.close();
    await close();
  });
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
