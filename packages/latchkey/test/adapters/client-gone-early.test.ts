import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import express4 from 'express4';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { open } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, until } from '../../src/testing/adapter-suite/world.ts';
import { post, serve } from './apps/harness.ts';
import { body, type SlowClaim, slowClaim } from './apps/slow-claim.ts';

const longBody = JSON.stringify({ amount: 4200, note: 'x'.repeat(100_000) });

type Start = (world: SlowClaim) => Promise<string>;

const startNode: Start = ({ options, seen, closes }) => {
  const guarded = idempotency(options).wrap(async (request, response) => {
    seen.bodies.push(await text(request));
    response.end('done');
  });
  return serve((request, response) => {
    closes(request.socket);
    void guarded(request, response);
  });
};

const startExpress =
  (create: typeof express, parser: 'before' | 'after'): Start =>
  ({ options, seen, closes }) => {
    const app = create();
    app.use((request, _response, next) => {
      closes(request.socket);
      next();
    });
    if (parser === 'before') app.use(express.json({ limit: '1mb' }));
    app.use(expressGuard(options));
    if (parser === 'after') app.use(express.json({ limit: '1mb' }));
    app.post('/charges', (request, response) => {
      seen.bodies.push(JSON.stringify(request.body));
      response.end('done');
    });
    return serve(app as RequestListener);
  };

function fastifyApp(app: FastifyInstance, { options, seen, closes }: SlowClaim, parses: boolean): FastifyInstance {
  if (!parses) {
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', (_request, payload, done) => done(null, payload));
  }
  app.addHook('onRequest', async ({ raw }: FastifyRequest) => {
    closes(raw.socket);
  });
  app.register(fastifyGuard(options));
  app.after(() => {
    app.post('/charges', async (request) => {
      seen.bodies.push(parses ? JSON.stringify(request.body) : await text(request.body as NodeJS.ReadableStream));
      return 'done';
    });
  });
  onTestFinished(() => app.close());
  return app;
}

const startFastify =
  (parses: boolean): Start =>
  (made) =>
    fastifyApp(fastify(), made, parses).listen({ host: '127.0.0.1', port: 0 });

/** Sends a request and disconnects while its claim is pending; then lets the claim continue. */
async function hangUp(origin: string, { seen, openClaim, isIdle }: SlowClaim, sent: string): Promise<void> {
  const headers = [['Content-Length', String(sent.length)]] as const;
  const request = open(origin, { key: firstKey, headers, body: sent });
  request.on('error', () => undefined).end(sent);
  await until(() => seen.claims === 1);
  request.destroy();
  await until(() => seen.closed > 0);
  openClaim();
  await until(isIdle);
}

describe.each([
  ['node', startNode],
  ['Express 5, the parser after the guard', startExpress(express, 'after')],
  ['Express 4, the parser after the guard', startExpress(express4 as typeof express, 'after')],
  ['Fastify, whose parser passes the stream on', startFastify(false)],
])('a client that left before its body was read, on %s', (_name, start) => {
  it.each([
    ['a short body', body],
    ['a long body', longBody],
  ])('R90 runs no handler, and its retry runs first: %s', async (_what, sent) => {
    const made = slowClaim();
    const origin = await start(made);
    await hangUp(origin, made, sent);
    expect([made.seen.bodies, await made.states()]).toEqual([[], ['open']]);
    const retry = await post(origin, { body: sent });
    expect([retry.status, retry.body.toString(), retry.header('idempotent-replayed')]).toEqual([
      200,
      'done',
      undefined,
    ]);
    expect((await post(origin, { body: sent })).header('idempotent-replayed')).toBe('true');
    expect(made.seen.bodies).toEqual([sent]);
  });
});

describe.each([
  ['Express 5, the parser before the guard', startExpress(express, 'before')],
  ['Express 4, the parser before the guard', startExpress(express4 as typeof express, 'before')],
  ['Fastify', startFastify(true)],
])('a client that left after its body was parsed, on %s', (_name, start) => {
  it('R90 runs no handler, and its retry runs first', async () => {
    const made = slowClaim();
    const origin = await start(made);
    await hangUp(origin, made, body);
    expect([made.seen.bodies, await made.states()]).toEqual([[], ['open']]);
    expect((await post(origin, { body })).header('idempotent-replayed')).toBeUndefined();
    expect((await post(origin, { body })).header('idempotent-replayed')).toBe('true');
    expect(made.seen.bodies).toEqual([body]);
  });
});

describe('over HTTP/2', () => {
  const startHttp2Node: Start = async ({ options, seen, closes }) => {
    const guarded = idempotency(options).wrap(async (request, response) => {
      seen.bodies.push(await text(request));
      response.end('done');
    });
    const server = createHttp2Server((request, response) => {
      closes(request);
      // The compatibility API replaces node:http, although its types differ.
      void Reflect.apply(guarded, undefined, [request, response]);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const startHttp2Fastify: Start = (made) => {
    const app = fastify({ http2: true }) as unknown as FastifyInstance;
    app.addHook('onRequest', async ({ raw }: FastifyRequest) => made.closes(raw));
    return fastifyApp(app, made, false).listen({ host: '127.0.0.1', port: 0 });
  };

  it.each([
    ['node', startHttp2Node],
    ['Fastify, whose parser passes the stream on', startHttp2Fastify],
  ])('R90 a stream that was reset before its body was read runs no handler: %s', async (_name, start) => {
    const made = slowClaim();
    const { seen, openClaim, isIdle } = made;
    const session = connectHttp2(await start(made)).on('error', () => {});
    onTestFinished(() => session.destroy());
    const ask = () => {
      const head = { ':method': 'POST', ':path': '/charges', 'idempotency-key': firstKey };
      const stream = session.request({ ...head, 'content-type': 'application/json' }).on('error', () => {});
      stream.end(body);
      return stream;
    };
    const left = ask();
    await until(() => seen.claims === 1);
    left.destroy();
    await until(() => seen.closed > 0);
    openClaim();
    await until(isIdle);
    expect([seen.bodies, await made.states()]).toEqual([[], ['open']]);
    expect(await text(ask())).toBe('done');
    expect(seen.bodies).toEqual([body]);
  });
});
