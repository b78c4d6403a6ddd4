/** While the first request runs, the client retries soon, up to its total time limit. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { idempotentFetch } from '../../src/client/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { delays, failure, hurried } from './client-kit.ts';
import { answer, misbehave, own, problem, stripeError } from './misbehaving-server.ts';

const post = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };
const inProgress = problem(409, 'in-progress', { 'Retry-After': '30' });

describe('409 in-progress', () => {
  it('is retried after one second, then every two (± 20 %), whatever Retry-After says', async () => {
    await using server = await misbehave(inProgress, inProgress, inProgress, inProgress, own(200));
    const { runtime, events, onEvent } = hurried();
    const { attempts } = await idempotentFetch({ storage: 'memory', runtime, onEvent })(server.url, post);
    expect(attempts).toBe(5);
    for (const [index, delayMs] of delays(events).entries()) {
      const middleMs = index === 0 ? 1_000 : 2_000;
      expect(delayMs).toBeGreaterThanOrEqual(middleMs * 0.8);
      expect(delayMs).toBeLessThanOrEqual(middleMs * 1.2);
    }
    expect(new Set(delays(events)).size).toBeGreaterThan(1);
  });

  it('does not count as an attempt, and only ends at the total time limit, longer than a lease', async () => {
    await using server = await misbehave(
      stripeError(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }),
    );
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 1 });
    const error = await failure(client(server.url, post));
    expect(error).toMatchObject({ code: 'retries-exhausted', mayHaveHappened: true });
    expect(error.attempts).toBeGreaterThan(45);
    expect(runtime.clock.monotonic()).toBeGreaterThan(115_000);
    expect(await client.isPending('cart-1')).toBe(true);
  });

  it('uses up no attempts', async () => {
    await using server = await misbehave(inProgress, answer(502), inProgress, answer(502), own(200));
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 3 });
    expect(await client(server.url, post)).toMatchObject({ attempts: 5, final: true });
  });
});

/**
 * Two workers on one store. The first one dies during its handler: its connection breaks and its lease is not renewed.
 */
async function shopWhoseWorkerDies(afterFailure: 'refuse' | 'rerun') {
  const { runtime, onEvent } = hurried();
  const store = memoryStore({ runtime });
  const options = { store, principal: () => 'tenant', afterFailure };
  const frozen = { ...runtime, timers: { set: () => undefined, clear: () => undefined } };
  let runs = 0;
  const dying = idempotency({ ...options, runtime: frozen }).wrap(async (request: IncomingMessage) => {
    runs += 1;
    request.socket.destroy();
    await new Promise(() => undefined);
  });
  const next = idempotency({ ...options, runtime }).wrap((_request, response: ServerResponse) => {
    runs += 1;
    response.end('charged by the next worker');
  });
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const worker = requests === 1 ? dying : next;
    void worker(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    client: idempotentFetch({ storage: 'memory', runtime, onEvent }),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    runs: () => runs,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a worker killed in the middle of its handler, with default options', () => {
  it('rerun: the client gets the answer of the takeover', async () => {
    await using shop = await shopWhoseWorkerDies('rerun');
    const { response, final } = await shop.client(shop.url, post);
    expect([await response.text(), final, shop.runs()]).toEqual(['charged by the next worker', true, 2]);
  });

  it('refuse: the client gets outcome-unknown and keeps its key', async () => {
    await using shop = await shopWhoseWorkerDies('refuse');
    expect(await failure(shop.client(shop.url, post))).toMatchObject({ code: 'outcome-unknown' });
    expect(shop.runs()).toBe(1);
    expect(await shop.client.isPending('cart-1')).toBe(true);
  });
});
