import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';
import fastify from 'fastify';
import { idempotency } from 'latchkey/express';
import { idempotency as fastifyGuard } from 'latchkey/fastify';
import { memoryStore } from 'latchkey/memory';
import { idempotency as nodeGuard } from 'latchkey/node';
import { sqliteStore } from 'latchkey/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Reply, type Serving, serve } from './kit/serve.ts';

const require = createRequire(import.meta.url);
const express4: typeof express = require('express4');

/** Middleware that rewrites headers through on-headers before 1.1.0, in its last such release. */
const middlewares: Record<string, () => RequestHandler> = {
  'morgan 1.10.0': () => require('morgan1100')('tiny', { stream: { write() {} } }),
  'compression 1.7.4': () => require('compression174')({ threshold: 0 }),
  'express-session 1.18.1': () =>
    require('express-session1181')({ secret: 'test', resave: false, saveUninitialized: true }),
  'cookie-session 2.1.0': () => require('cookie-session210')({ name: 'session', keys: ['test'] }),
  'response-time 2.3.3': () => require('response-time233')(),
};

const options = { principal: () => 'tenant', request: { maxBytes: 1_000 } };
const links = ['</a>; rel="next"', '</b>; rel="prev"'];
const ownHeaders = /^(?:date|connection|keep-alive|x-powered-by|x-response-time|set-cookie|vary|content-encoding)$/;

/** The headers that a client may rely on: those of the guard or the handler, and no others. */
function headerNames({ headers }: Reply): string[] {
  return [...headers.keys()].filter((name) => !ownHeaders.test(name)).sort();
}

async function expectIntact(server: Serving, path: string): Promise<void> {
  const key = randomUUID();
  const first = await server.post(path, key, '{"item":"cup"}');
  const replay = await server.post(path, key, '{"item":"cup"}');
  for (const answer of [first, replay]) {
    expect([answer.status, answer.text]).toEqual([201, '{"made":"cup"}']);
    expect([answer.headers.get('location'), answer.headers.get('link')]).toEqual(['/orders/1', links.join(', ')]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  }
  expect(replay.headers.get('idempotent-replayed')).toBe('true');

  const mismatch = await server.post(path, key, '{"item":"bowl"}');
  expect([mismatch.status, mismatch.headers.get('content-type')]).toEqual([422, 'application/problem+json']);
  expect(JSON.parse(mismatch.text).code).toBe('key-reused');
  expect(headerNames(mismatch).filter((name) => name.length < 4)).toEqual([]);
}

/** Most servers read the whole body before they answer, so only a longer one is answered early. */
async function expectEarlyAnswer(server: Serving, path: string): Promise<void> {
  const refused = await server.post(path, randomUUID(), JSON.stringify({ item: 'x'.repeat(200_000) }));
  expect([refused.status, JSON.parse(refused.text).code]).toEqual([413, 'request-too-large']);
}

describe('R87 with old header-rewriting middleware, status and headers are unchanged', () => {
  for (const [name, make] of Object.entries(middlewares)) {
    for (const [version, framework] of Object.entries({ 'express 5': express, 'express 4': express4 })) {
      it(`${name} on ${version}: first, replay, problems and finish`, async () => {
        const directory = await mkdtemp(join(tmpdir(), 'latchkey-'));
        onTestFinished(() => rm(directory, { recursive: true }));
        const guard = idempotency({ ...options, store: sqliteStore({ database: join(directory, 'records.db') }) });
        const app = framework();
        app.use(make());
        app.post('/orders', guard, framework.json(), (request, response) => {
          response.status(201).location('/orders/1').set('Link', links).json({ made: request.body.item });
        });
        app.post('/finish', guard, framework.json(), async (request) => {
          const headers = { Location: '/orders/1', Link: links };
          await guard.context(request).finish(() => ({ status: 201, headers, body: { made: request.body.item } }));
        });
        await using server = await serve(app);
        await expectIntact(server, '/orders');
        await expectIntact(server, '/finish');
        await expectEarlyAnswer(server, '/orders');
      });
    }

    it(`${name} on node:http: first, replay and problems`, async () => {
      const guard = nodeGuard({ ...options, store: memoryStore() });
      const handle = guard.wrap((_request, response) => {
        const headers = { 'Content-Type': 'application/json', Location: '/orders/1', Link: links };
        response.writeHead(201, headers).end('{"made":"cup"}');
      });
      const middleware = make();
      await using server = await serve((request, response) => {
        middleware(request as never, response as never, () => void handle(request, response));
      });
      await expectIntact(server, '/orders');
      await expectEarlyAnswer(server, '/orders');
    });

    it(`${name} on the raw response of fastify: first, replay and problems`, async () => {
      const app = fastify();
      const middleware = make();
      app.addHook('onRequest', (request, reply, done) =>
        middleware(request.raw as never, reply.raw as never, () => done()),
      );
      await app.register(fastifyGuard({ ...options, store: memoryStore() }));
      app.post('/orders', async (_request, reply) =>
        reply.code(201).header('location', '/orders/1').header('link', links).send({ made: 'cup' }),
      );
      await app.ready();
      await using server = await serve((request, response) => app.routing(request, response));
      await expectIntact(server, '/orders');
    });
  }
});
