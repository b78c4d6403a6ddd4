/** What the operation of each contestant does, as headers say. The executions are counted in Redis, to survive a kill. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** An answer of the operation. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** At once, or in pieces. */
  readonly body: string | Buffer | AsyncIterable<string>;
}

async function* pieces(isCut: boolean): AsyncIterable<string> {
  yield 'one,';
  await sleep(20);
  if (isCut) throw new Error('the answer breaks off');
  yield 'two.';
}

const text = 'text/plain';

const special: Readonly<Record<string, () => Reply>> = {
  declined: () => ({ status: 402, type: text, body: 'declined' }),
  broken: () => ({ status: 500, type: text, body: 'broken' }),
  busy: () => ({ status: 429, type: text, body: 'busy' }),
  binary: () => ({ status: 200, type: 'application/octet-stream', body: Buffer.from([0, 127, 128, 255]) }),
  empty: () => ({ status: 204, type: text, body: '' }),
  streamed: () => ({ status: 200, type: text, body: pieces(false) }),
  cut: () => ({ status: 200, type: text, body: pieces(true) }),
};

/** A header of the request, by its name in lower case. */
export type HeaderOf = (name: string) => string | undefined;

/** Runs the operation. */
export async function operation(redis: Redis, method: string, headerOf: HeaderOf): Promise<Reply> {
  if (method === 'GET') return { status: 200, type: text, body: `${await executions(redis)} charges` };
  const execution = await redis.incr('executions');
  await sleep(Number(headerOf('x-delay') ?? 0));
  const headers = { Location: `/charges/${execution}`, 'Set-Cookie': `visit=${execution}` };
  const created = { status: 201, type: 'application/json', headers, body: JSON.stringify({ id: execution }) };
  return special[headerOf('x-answer') ?? '']?.() ?? created;
}

/** How often the operation ran. */
export async function executions(redis: Redis): Promise<number> {
  return Number((await redis.get('executions')) ?? 0);
}
