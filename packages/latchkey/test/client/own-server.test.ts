/** The client with this library's own server, over a connection that loses answers. */

import { createServer, request as forward, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { type ClientEvent, idempotentFetch } from '../../src/client/index.ts';
import { acp, ietf, stripe, ucp } from '../../src/dialects/index.ts';
import type { GuardOptions } from '../../src/http/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { failure, hurried, mapStorage } from './client-kit.ts';

async function listen(listener: RequestListener): Promise<{ server: Server; port: number } & AsyncDisposable> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

/** A proxy that closes the connection instead of passing on the first `losses` answers. */
function lossy(port: number, losses: number): RequestListener {
  let left = losses;
  return (request, response) => {
    const { method = 'GET', url: path, headers } = request;
    const onward = forward({ port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
      if (left > 0) {
        left -= 1;
        answer.resume().on('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(onward);
  };
}

type Charge = (amount: string, count: number) => { readonly status: number; readonly body: Buffer };

async function shop(losses: number, charge: Charge, options: Partial<GuardOptions<IncomingMessage>> = {}) {
  let count = 0;
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant', key: { required: true }, ...options });
  const handler = guard.wrap(async (request, response) => {
    const amount = new URLSearchParams((await buffer(request)).toString()).get('amount') ?? '';
    count += 1;
    const { status, body } = charge(amount, count);
    response.writeHead(status, { 'content-type': 'application/octet-stream' }).end(body);
  });
  const origin = await listen((request, response) => void handler(request, response));
  const network = await listen(lossy(origin.port, losses));
  return {
    url: `http://127.0.0.1:${network.port}/v1/charges`,
    charges: () => count,
    [Symbol.asyncDispose]: async () => {
      await network[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
      await guard.shutdown();
    },
  };
}

const charged: Charge = (amount, count) => ({ status: 201, body: Buffer.from(`\0\xff ${amount} ${count}`, 'latin1') });

/** Each dialect, with the options that it needs. */
const conventions: readonly (Partial<GuardOptions<IncomingMessage>> & { readonly name: string })[] = [
  { name: 'ietf', dialect: ietf },
  { name: 'stripe', dialect: stripe },
  { name: 'acp', dialect: acp, afterFailure: 'rerun', key: { required: true } },
  { name: 'ucp', dialect: ucp, fingerprint: { body: 'bytes' } },
];

const form = (amount: number) => new URLSearchParams({ amount: String(amount) });
const post = (amount = 2000) => ({ method: 'POST', body: form(amount), operation: 'cart-1' });

describe('the client and the guard', () => {
  it('R66: after a lost answer its retry gets the replay, the same bytes, one charge', async () => {
    await using server = await shop(2, charged);
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent });
    const { response, replayed, attempts, key } = await client(server.url, post());
    expect({ status: response.status, replayed, attempts }).toEqual({ status: 201, replayed: true, attempts: 3 });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(charged('2000', 1).body);
    expect(server.charges()).toBe(1);
    const next = await client(server.url, post());
    expect(next).toMatchObject({ replayed: false, attempts: 1 });
    expect(next.key).not.toBe(key);
    expect(server.charges()).toBe(2);
  });

  it('after a reload during the payment the next page gets the first answer', async () => {
    await using server = await shop(1, charged);
    const storage = mapStorage();
    await failure(idempotentFetch({ storage, maxAttempts: 1 })(server.url, post()));
    const { replayed, response } = await idempotentFetch({ storage })(server.url, post());
    expect(replayed).toBe(true);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(charged('2000', 1).body);
    expect(server.charges()).toBe(1);
  });

  it('the replay of a kept 500 is the answer, after one retry', async () => {
    await using server = await shop(0, () => ({ status: 500, body: Buffer.from('failed') }));
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent });
    expect(await client(server.url, post())).toMatchObject({ attempts: 2, replayed: true, final: false });
    expect(server.charges()).toBe(1);
  });

  it.each(conventions)('R67: another payload under a pending key, $name', async ({ name: _, ...options }) => {
    await using server = await shop(1, charged, options);
    const client = idempotentFetch({ storage: 'memory', maxAttempts: 1 });
    await failure(client(server.url, post(2000)));
    expect(await failure(client(server.url, post(3000)))).toMatchObject({ code: 'payload-changed', attempts: 0 });
    expect(await client(server.url, post(2000))).toMatchObject({ replayed: true, final: true });
    expect(server.charges()).toBe(1);
    expect(await client.isPending('cart-1')).toBe(false);
  });

  it.each(conventions)(
    'R67: a second page sends the request while the first runs, $name',
    async ({ name: _, ...options }) => {
      const release = Promise.withResolvers<void>();
      const guard = idempotency({ store: memoryStore(), principal: () => 'tenant', ...options });
      const handler = guard.wrap(async (_request, response) => {
        await release.promise;
        response.end('charged');
      });
      await using origin = await listen((request, response) => void handler(request, response));
      const url = `http://127.0.0.1:${origin.port}/`;
      const storage = mapStorage();
      const arrived = new Promise((resolve) => origin.server.once('request', resolve));
      const first = idempotentFetch({ storage })(url, post());
      await arrived;
      const { runtime, events, onEvent } = hurried();
      const told = (event: ClientEvent) => {
        if (event.type !== 'retrying') return onEvent(event);
        release.resolve();
        void first.then(() => onEvent(event));
      };
      const second = await idempotentFetch({ storage, runtime, onEvent: told })(url, post());
      expect(second).toMatchObject({ replayed: true, attempts: 2, key: (await first).key });
      expect(events).toMatchObject([{ type: 'resumed' }, { type: 'retrying', status: 409 }]);
      await guard.shutdown();
    },
  );
});
