/** Forty lines of SET NX compared with Latchkey, on the same Express application. */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/express.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { type RedisServer, startRedis } from '../servers/redis-server.ts';
import { setNx } from './set-nx.ts';

const day = 86_400;
let redisServer: RedisServer;
let redis: Redis;
let servers: Server[] = [];

beforeAll(async () => {
  redisServer = await startRedis();
  redis = new Redis(redisServer.port, '127.0.0.1');
});
beforeEach(() => redis.flushall());
afterEach(async () => {
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
});
afterAll(async () => {
  redis.disconnect();
  await redisServer.stop();
});

type Handle = (request: Request, response: Response, run: number) => unknown;

interface App {
  readonly post: (body: object, headers?: Record<string, string>) => Promise<globalThis.Response>;
  readonly runs: () => number;
}

async function serve(guard: RequestHandler, handle: Handle): Promise<App> {
  let runs = 0;
  const app = express().use(express.json());
  app.post('/charges', guard, async (request, response) => {
    runs += 1;
    await handle(request, response, runs);
  });
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/charges`;
  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'k-1', Authorization: 'Bearer a', ...headers },
      body: JSON.stringify(body),
    });
  return { post, runs: () => runs };
}

const plain = (ttlSeconds = day) => setNx(redis, ttlSeconds);
const guarded = (leaseMs = 30_000) =>
  idempotency({ store: memoryStore(), principal: 'authorization', afterFailure: 'rerun', timing: { leaseMs } });

const answerRun: Handle = (_, response, run) => response.json({ run });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('two clicks at once', () => {
  const slow: Handle = async (_, response, run) => {
    await pause(100);
    response.json({ run });
  };
  it.each([
    ['SET NX runs one of two clicks', plain],
    ['Latchkey runs one of two clicks', guarded],
  ])('%s', async (_, guard) => {
    const { post, runs } = await serve(guard(), slow);
    const statuses = (await Promise.all([post({}), post({})])).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 409]);
    expect(runs()).toBe(1);
  });
});

describe('the handler fails', () => {
  const failsOnce: Handle = (_, response, run) => {
    if (run === 1) response.destroy();
    else response.json({ run });
  };
  it('SET NX keeps the key locked for a day when its worker dies', async () => {
    const { post, runs } = await serve(plain(), failsOnce);
    await expect(post({})).rejects.toThrow();
    expect((await post({})).status).toBe(409);
    expect(await redis.ttl('idempotency:k-1')).toBeGreaterThan(day - 60);
    expect(runs()).toBe(1);
  });
  it('Latchkey runs the retry when the worker dies', async () => {
    const { post } = await serve(guarded(), failsOnce);
    await expect(post({})).rejects.toThrow();
    expect(await (await post({})).json()).toEqual({ run: 2 });
  });
});

describe('the handler is slower than the lock', () => {
  const slow: Handle = async (_, response, run) => {
    await pause(1_500);
    response.json({ run });
  };
  const twice = async ({ post, runs }: App) => {
    const first = post({});
    await pause(1_200);
    const second = await post({});
    return { first: await first, second, runs: runs() };
  };
  it('SET NX with a short lock runs a slow handler twice', async () => {
    expect((await twice(await serve(plain(1), slow))).runs).toBe(2);
  });
  it('Latchkey renews its lease, and runs a slow handler once', async () => {
    const { first, second, runs } = await twice(await serve(guarded(1_000), slow));
    expect([first.status, second.status, runs]).toEqual([200, 409, 1]);
  });
});

describe('the key comes with another payload', () => {
  it('SET NX gives the answer to another payload', async () => {
    const { post } = await serve(plain(), answerRun);
    await post({ amount: 1 });
    expect((await post({ amount: 1_000 })).status).toBe(200);
  });
  it('Latchkey refuses another payload', async () => {
    const { post } = await serve(guarded(), answerRun);
    await post({ amount: 1 });
    expect((await post({ amount: 1_000 })).status).toBe(422);
  });
});

describe('another tenant sends the same key', () => {
  const secret: Handle = (request, response) => response.json({ for: request.get('authorization') });
  const asOther = { Authorization: 'Bearer b' };
  it('SET NX shows one tenant the answer of another', async () => {
    const { post } = await serve(plain(), secret);
    await post({});
    expect(await (await post({}, asOther)).json()).toEqual({ for: 'Bearer a' });
  });
  it('Latchkey keeps tenants apart', async () => {
    const { post } = await serve(guarded(), secret);
    await post({});
    expect(await (await post({}, asOther)).json()).toEqual({ for: 'Bearer b' });
  });
});

describe('the answer is binary', () => {
  const bytes = Buffer.from([0, 127, 128, 255]);
  const binary: Handle = (_, response) => response.type('application/octet-stream').send(bytes);
  const replayed = async ({ post }: App) => {
    await post({});
    return Buffer.from(await (await post({})).arrayBuffer());
  };
  it('SET NX replays other bytes than it sent', async () => {
    expect((await replayed(await serve(plain(), binary))).equals(bytes)).toBe(false);
  });
  it('Latchkey replays the same bytes', async () => {
    expect((await replayed(await serve(guarded(), binary))).equals(bytes)).toBe(true);
  });
});

describe('the handler sets a header', () => {
  const created: Handle = (_, response, run) => response.status(201).location('/charges/1').json({ run });
  it('SET NX forgets the headers of the answer', async () => {
    const { post } = await serve(plain(), created);
    await post({});
    expect((await post({})).headers.get('location')).toBeNull();
  });
  it('Latchkey replays the headers of the answer', async () => {
    const { post } = await serve(guarded(), created);
    await post({});
    expect((await post({})).headers.get('location')).toBe('/charges/1');
  });
});

describe('an answer asks for a retry', () => {
  const busyOnce: Handle = (_, response, run) => response.status(run === 1 ? 429 : 200).json({ run });
  it('SET NX replays a 429 for a day', async () => {
    const { post } = await serve(plain(), busyOnce);
    await post({});
    expect((await post({})).status).toBe(429);
  });
  it('Latchkey runs again after a 429', async () => {
    const { post } = await serve(guarded(), busyOnce);
    await post({});
    expect((await post({})).status).toBe(200);
  });
});
