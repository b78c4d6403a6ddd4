import { once } from 'node:events';
import { type ClientHttp2Stream, connect, constants, createServer, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { pause } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions } from './apps/harness.ts';

type Fetch = (request: Request) => Response | Promise<Response>;

/** Applications that answer with their request's body. */
const applications: Record<string, (ran: (body: string) => void) => Fetch> = {
  fetch: (ran) =>
    fetchGuard(guardOptions().options)(async (request) => {
      const body = await request.text();
      ran(body);
      return new Response(body);
    }),
  hono: (ran) => honoApp(ran, false),
  'hono behind a parser': (ran) => honoApp(ran, true),
};

function honoApp(ran: (body: string) => void, parsesFirst: boolean): Fetch {
  const app = new Hono();
  app.use(async (c, next) => {
    if (parsesFirst) await c.req.text();
    await next();
  });
  app.post('/charges', honoGuard(guardOptions().options), async (c) => {
    const body = await c.req.text();
    ran(body);
    return c.text(body);
  });
  app.onError((_error, c) => c.text('broken', 400));
  return app.fetch;
}

async function start(fetch: Fetch): Promise<string> {
  const listener = getRequestListener(fetch);
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a request on a new connection. */
function open(origin: string, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  const session = connect(origin);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session.request({ ':method': 'POST', ':path': '/charges', ...headers }).on('error', () => {});
}

const half = '{"amount":2000,';
const whole = `${half}"currency":"eur"}`;

/** The client's stream ends in one of these ways after half of its body. */
const breaks: Record<string, (stream: ClientHttp2Stream) => void> = {
  'resets its stream': (stream) => stream.close(constants.NGHTTP2_CANCEL),
  'closes its connection': (stream) => stream.session?.destroy(),
};

describe.each(Object.entries(applications))('a body over HTTP/2 in %s', (_name, application) => {
  for (const [name, leave] of Object.entries(breaks)) {
    it(`that its client cut short is not taken for complete when it ${name}`, async () => {
      const ran: string[] = [];
      const origin = await start(application((body) => ran.push(body)));
      // Whether the end or the abort comes first depends on the event loop.
      for (let round = 0; round < 20; round += 1) {
        const length = round % 2 === 0 ? {} : { 'content-length': whole.length };
        const headers = { 'idempotency-key': `4fa282fe-6f26-4f33-8a32-447c6d8a19${round + 10}`, ...length };
        const stream = open(origin, headers);
        stream.write(half);
        await pause(round % 4);
        leave(stream);
        await pause(10);
        const retry = open(origin, headers);
        retry.end(whole);
        expect(await text(retry)).toBe(whole);
      }
      expect(ran).toEqual(Array.from({ length: 20 }, () => whole));
    });
  }

  it('is read when it is complete, although it has no Content-Length', async () => {
    const origin = await start(application(() => {}));
    const headers = { 'idempotency-key': '4fa282fe-6f26-4f33-8a32-447c6d8a1953' };
    const answers: string[] = [];
    for (const body of [whole, whole, half]) {
      const stream = open(origin, headers);
      stream.end(body);
      answers.push(await text(stream));
    }
    expect(answers).toEqual([whole, whole, expect.stringContaining('key-reused')]);
  });
});
