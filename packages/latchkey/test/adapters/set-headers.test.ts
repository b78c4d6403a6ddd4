import { createServer, type IncomingMessage } from 'node:http';
import express from 'express';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { sendRaw } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, otherKey } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

type Change = (headers: IncomingMessage['headers']) => void;

/** The common way to accept an older name of the header. */
const mapped: Change = (headers) => {
  headers['idempotency-key'] = headers['x-idempotency-key'] as string;
};

/** Starts an application with a middleware before its guard that changes headers. */
type Start = (change: Change, options?: object) => Promise<string>;

const startNode: Start = (change, options) => {
  const guarded = idempotency({ ...guardOptions().options, ...options }).wrap((_request, response) => {
    response.end('done');
  });
  return serve((request, response) => {
    change(request.headers);
    void guarded(request, response);
  });
};

const startExpress: Start = (change, options) => {
  const app = express();
  app.use((request, _response, next) => {
    change(request.headers);
    next();
  });
  app.post('/charges', expressGuard({ ...guardOptions().options, ...options }), (_request, response) => {
    response.end('done');
  });
  return serve(app);
};

const startFastify =
  (where: 'raw' | 'a copy'): Start =>
  async (change, options) => {
    const app = fastify();
    app.addHook('onRequest', async (request) => {
      if (where === 'raw') return change(request.raw.headers);
      const headers = { ...request.headers };
      change(headers);
      request.headers = headers;
    });
    await app.register(fastifyGuard({ ...guardOptions().options, ...options }));
    app.post('/charges', async () => 'done');
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  };

const starts: [string, Start][] = [
  ['node', startNode],
  ['Express', startExpress],
  ['Fastify, whose raw headers are changed', startFastify('raw')],
  ['Fastify, whose own headers are changed', startFastify('a copy')],
];

describe.each(starts)('headers that middleware sets before the guard, on %s', (_name, start) => {
  const sent = (key: string) => ({ key: undefined, headers: [['X-Idempotency-Key', key]] as const });

  it('R82 are read like received ones', async () => {
    const origin = await start(mapped);
    expect((await post(origin, sent(firstKey))).header('idempotent-replayed')).toBeUndefined();
    expect((await post(origin, sent(firstKey))).header('idempotent-replayed')).toBe('true');
    expect((await post(origin, sent(otherKey))).header('idempotent-replayed')).toBeUndefined();
    expect((await post(origin, { ...sent(firstKey), body: '{}' })).status).toBe(422);
  });

  it('R82 replace received ones', async () => {
    const origin = await start(mapped);
    const both = (key: string) => ({ ...sent(firstKey), key });
    await post(origin, both(firstKey));
    expect((await post(origin, both(otherKey))).header('idempotent-replayed')).toBe('true');
  });

  it('R82 are visible to the principal and to fingerprint.headers', async () => {
    const change: Change = (headers) => {
      headers.authorization = `Bearer ${headers['x-session']}`;
      headers['x-currency'] = headers['x-session'] === 'a' ? 'eur' : 'usd';
    };
    const origin = await start(change, { principal: 'authorization', fingerprint: { headers: ['x-currency'] } });
    const as = (session: string) => ({ headers: [['X-Session', session]] as const });
    expect((await post(origin, as('a'))).status).toBe(200);
    expect((await post(origin, as('b'))).header('idempotent-replayed')).toBeUndefined();
    expect((await post(origin, as('a'))).header('idempotent-replayed')).toBe('true');
  });

  it('R82 can be removed', async () => {
    // Fastify merges its own headers over the raw ones, so a header must be set to undefined to remove it.
    const origin = await start((headers) => void Object.assign(headers, { 'idempotency-key': undefined }));
    for (const _time of [1, 2]) expect((await post(origin)).header('idempotent-replayed')).toBeUndefined();
  });

  it('R13 still reveal a key that was sent twice', async () => {
    const origin = await start(() => {});
    const lines = `Idempotency-Key: "a"\r\nIdempotency-Key: "a"\r\n`;
    const request = `POST /charges HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}Content-Length: 0\r\n\r\n`;
    expect(await sendRaw(origin, request)).toBe(400);
  });
});

it.each([
  ['a number', 42],
  ['a list of one', ['42']],
])('R82 a key that middleware sets as %s is read', async (_what, value) => {
  const origin = await startNode((headers) => void Object.assign(headers, { 'idempotency-key': value }));
  expect((await post(origin)).status).toBe(200);
  expect((await post(origin)).header('idempotent-replayed')).toBe('true');
});

it('R82 a request without rawHeaders is read by its headers', async () => {
  const guarded = idempotency(guardOptions().options).wrap((_request, response) => void response.end('done'));
  const server = createServer((request, response) => {
    Object.defineProperty(request, 'rawHeaders', { value: undefined });
    void guarded(request, response);
  });
  const origin = await serve((request, response) => server.emit('request', request, response));
  expect((await post(origin)).status).toBe(200);
  expect((await post(origin)).header('idempotent-replayed')).toBe('true');
});
