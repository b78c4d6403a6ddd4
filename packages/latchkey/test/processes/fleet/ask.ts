/** A client: one request, or retries until there is an answer. */

import { type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { patience } from '../../servers/patience.ts';
import { machineTime, runField, type Task, type ToldEvent } from '../history/events.ts';
import type { Fleet } from './fleet.ts';
import type { Worker } from './worker.ts';

type Reply = Pick<ToldEvent, 'status' | 'body' | 'fields' | 'retryAfter' | 'stored'>;

const patienceMs = 30_000;
const noAnswer: Reply = { status: 0, body: '', fields: [], retryAfter: false, stored: false };

function send(worker: Worker, task: Task): Promise<Reply> {
  const { address } = worker;
  if (address === undefined) return Promise.resolve(noAnswer);
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const sent = request({
    ...address,
    host: '127.0.0.1',
    method: 'POST',
    path: `/${task.policy}/${task.leaseMs}/${task.whenRunning}/${task.spoiling ?? ''}`,
    headers: { 'idempotency-key': task.field, 'x-tenant': task.tenant, 'content-type': 'application/json' },
  });
  sent.on('error', () => resolve(noAnswer));
  sent.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      body += String(chunk);
    });
    response.on('end', () => resolve({ ...headOf(response), body }));
    response.on('close', () => resolve(noAnswer));
  });
  sent.end(JSON.stringify(task));
  return promise;
}

function headOf({ statusCode = 0, headers, headersDistinct }: IncomingMessage): Omit<Reply, 'body'> {
  return {
    status: statusCode,
    fields: headersDistinct[runField] ?? [],
    retryAfter: headers['retry-after'] !== undefined,
    stored: headers['idempotency-stored'] !== 'false',
  };
}

/** Sends the request once, and records its result. */
export async function ask(fleet: Fleet, worker: Worker, task: Task): Promise<ToldEvent> {
  const sentAt = machineTime();
  const reply = await send(worker, task);
  const code = reply.status >= 400 ? codeOf(reply.body) : undefined;
  const { key, payload } = task;
  const at = machineTime();
  const told: ToldEvent = { type: 'told', key, payload, worker: worker.index, ...reply, code, sentAt, at };
  fleet.log(told);
  return told;
}

function codeOf(problem: string): string | undefined {
  return JSON.parse(problem).code;
}

/** Whether a retry may get another answer. */
function isFinal({ status, code }: ToldEvent, { policy }: Task): boolean {
  if (status === 201 || status === 422) return true;
  return policy === 'refuse' && (code === 'outcome-unknown' || code === 'operation-failed');
}

/** Retries the request until it has a final answer, or for half a minute; each time with a worker from `pick`. */
export async function askUntilAnswered(fleet: Fleet, task: Task, pick = fleet.any): Promise<ToldEvent> {
  const giveUpAt = machineTime() + patience(patienceMs);
  for (;;) {
    const told = await ask(fleet, pick(), task);
    if (isFinal(told, task) || machineTime() > giveUpAt) return told;
    await pause(20 + 60 * fleet.fraction());
  }
}
