import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, createServer, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { firstKey, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions } from './apps/harness.ts';

/** A server's observations of its requests, and its address. */
interface Served {
  readonly origin: string;
  readonly seen: { began: number; closed: number; ran: number };
}

const nothingSeen = () => ({ began: 0, closed: 0, ran: 0 });

type Answer = (response: ServerResponse, body: string) => unknown;

async function nodeServer(answer: Answer = (response, body) => response.end(body)): Promise<Served> {
  const seen = nothingSeen();
  const guarded = idempotency(guardOptions().options).wrap(async (request, response) => {
    seen.ran += 1;
    answer(response, await text(request));
  });
  const server = createServer((request, response) => {
    seen.began += 1;
    request.on('close', () => {
      seen.closed += 1;
    });
    // The compatibility API replaces node:http, although its types differ.
    void Reflect.apply(guarded, undefined, [request, response]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** @param reads - whether the parser of `text/stream` begins to read before it passes the stream on. */
async function fastifyServer(reads: boolean): Promise<Served> {
  const seen = nothingSeen();
  const app = fastify({ http2: true }) as unknown as FastifyInstance;
  app.addContentTypeParser('text/stream', (_request, payload, done) => {
    if (reads) payload.on('data', () => {});
    done(null, payload);
  });
  app.addHook('onRequest', async ({ raw }: FastifyRequest) => {
    seen.began += 1;
    raw.on('close', () => {
      seen.closed += 1;
    });
  });
  await app.register(fastifyGuard(guardOptions().options));
  app.post('/charges', async (request) => {
    seen.ran += 1;
    return JSON.stringify(request.body);
  });
  onTestFinished(() => app.close());
  return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), seen };
}

function open(origin: string, headers: OutgoingHttpHeaders, options: { endStream?: boolean } = {}) {
  const session = connect(origin);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  const head = { ':method': 'POST', ':path': '/charges', 'idempotency-key': firstKey, ...headers };
  return session.request(head, options).on('error', () => {});
}

/** Sends a body in pieces without Content-Length. */
async function ask(origin: string, pieces: readonly string[]) {
  const stream = open(origin, { 'content-type': 'application/json' });
  const head = once(stream, 'response');
  for (const piece of pieces) {
    stream.write(piece);
    await pause(5);
  }
  stream.end();
  const [{ ':status': status }] = await head;
  return [status, await text(stream)];
}

const long = JSON.stringify('x'.repeat(300_000));

describe.each([
  ['node', () => nodeServer()],
  ['fastify', () => fastifyServer(false)],
])('a request over HTTP/2 to %s without Content-Length', (_name, serve) => {
  it.each([
    ['one piece', ['[1]']],
    ['many pieces', ['[', '1', ',2]']],
    ['a long body', [long]],
  ])('is compared by its body: %s', async (_what, pieces) => {
    const { origin, seen } = await serve();
    const body = pieces.join('');
    expect(await ask(origin, pieces)).toEqual([200, body]);
    expect(await ask(origin, [body])).toEqual([200, body]);
    expect((await ask(origin, [body.replace(/[1x]/, '3')]))[0]).toBe(422);
    expect(seen.ran).toBe(1);
  });

  it('may have no body at all', async () => {
    const { origin } = await serve();
    for (const _try of [1, 2]) {
      const stream = open(origin, {}, { endStream: true });
      const [{ ':status': status }] = await once(stream, 'response');
      expect(status).toBe(200);
    }
  });
});

describe.each([
  ['node', () => nodeServer()],
  ['fastify, whose parser reads', () => fastifyServer(true)],
  ['fastify, whose parser leaves it unread', () => fastifyServer(false)],
])('a body that its client cuts short over HTTP/2, for %s', (_name, serve) => {
  it.each([
    ['of known length', { 'content-length': '10' }],
    ['of unknown length', {}],
  ])('is not taken for complete: %s', async (_what, length) => {
    const { origin, seen } = await serve();
    const stream = open(origin, { 'content-type': 'text/stream', ...length });
    stream.write('123');
    await until(() => seen.began === 1);
    await pause(20);
    stream.destroy();
    await until(() => seen.closed === 1);
    await pause(20);
    expect(seen.ran).toBe(0);
  });
});

it.each([
  ['of known length', { 'content-length': '10' }],
  ['of unknown length', {}],
])('a body cut short before the guard reads it is treated as incomplete, not empty: %s', async (_what, length) => {
  const { options } = guardOptions();
  let asked = 0;
  let ran = 0;
  let concluded = 0;
  const principal = async () => {
    asked += 1;
    await pause(100);
    return 'tenant';
  };
  const guarded = idempotency({ ...options, principal }).wrap((_request, response) => {
    ran += 1;
    response.end();
  });
  const server = createServer(async (request, response) => {
    await Reflect.apply(guarded, undefined, [request, response]);
    concluded += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const stream = open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, length);
  stream.write('123');
  await until(() => asked === 1);
  stream.destroy();
  await until(() => concluded === 1);
  expect(ran).toBe(0);
});

it('R45 keeps the pieces that a handler writes over HTTP/2 after its client has disconnected', async () => {
  const left = Promise.withResolvers<void>();
  let runs = 0;
  const guarded = idempotency(guardOptions().options).wrap(async (_request, response) => {
    runs += 1;
    await left.promise;
    response.write('one ');
    response.end('two');
  });
  const server = createServer((request, response) => {
    response.on('close', () => left.resolve());
    void Reflect.apply(guarded, undefined, [request, response]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const headers = { ':method': 'POST', 'idempotency-key': firstKey };

  const first = client.request(headers).end();
  await until(() => runs === 1);
  first.close();
  await left.promise;
  const retry = client.request(headers).end();
  expect(await text(retry)).toBe('one two');
  expect(runs).toBe(1);
});

it("refuses a late head with Node's own error", async () => {
  const { origin } = await nodeServer((response) => {
    response.end('done');
    expect(() => response.setHeader('X-Late', 'yes')).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP2_HEADERS_SENT' }),
    );
  });
  expect(await ask(origin, ['1'])).toEqual([200, 'done']);
});
