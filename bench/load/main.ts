// Keeps 64 connections busy and counts the responses: main.ts PORT KEYS

import { answerQuestions } from '../child.ts';
import { Connection, type Seen } from './connection.ts';
import { type Keys, repeatedKeys, requestsWith } from './requests.ts';

export interface LoadQuestion {
  readonly seconds: number;
}

export interface LoadAnswer {
  readonly requests: number;
  readonly replays: number;
  readonly seconds: number;
}

const [port, keys] = process.argv.slice(2);
const nextRequest = requestsWith(keys as Keys);

function openConnections(): Promise<Connection[]> {
  const fail = (error: Error) => {
    throw error;
  };
  return Promise.all(Array.from({ length: 64 }, () => Connection.open(Number(port), fail)));
}

/** Sends requests one after another on one connection until it is time to stop. */
function keepBusy(connection: Connection, isOver: () => boolean, count: (seen: Seen) => void): Promise<void> {
  return new Promise((resolve) => {
    const turn = (seen: Seen) => {
      count(seen);
      if (isOver()) resolve();
      else connection.send(nextRequest(), turn);
    };
    connection.send(nextRequest(), turn);
  });
}

/** Keeps this process from sleeping, since otherwise the server would spend CPU time on waking it. */
function spin(): () => void {
  let isOver = false;
  const turn = () => {
    if (!isOver) setImmediate(turn);
  };
  turn();
  return () => {
    isOver = true;
  };
}

const connections = await openConnections();

async function run({ seconds }: LoadQuestion): Promise<LoadAnswer> {
  const start = performance.now();
  const total = { requests: 0, replays: 0 };
  const count = ({ status, replayed }: Seen) => {
    if (status !== 200) throw new Error(`A response had status ${status}.`);
    total.requests += 1;
    if (replayed) total.replays += 1;
  };
  // On any machine the first run uses every repeated key, so that the second run only gets replays.
  const isOver = () => performance.now() >= start + seconds * 1000 && total.requests >= repeatedKeys;
  const stopSpinning = spin();
  await Promise.all(connections.map((connection) => keepBusy(connection, isOver, count)));
  stopSpinning();
  return { ...total, seconds: (performance.now() - start) / 1000 };
}

answerQuestions(run, async () => {
  for (const connection of connections) connection.close();
});
