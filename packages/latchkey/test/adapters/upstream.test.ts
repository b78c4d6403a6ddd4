import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as fetchIdempotency } from '../../src/adapters/fetch.ts';
import { idempotency as honoIdempotency } from '../../src/adapters/hono.ts';
import { guardOptions, post, serve } from './apps/harness.ts';
import { listen } from './apps/server.ts';

type Handler = () => Response | Promise<Response>;

const frameworks: Record<string, (handler: Handler) => Promise<string>> = {
  fetch: (handler) => serve(getRequestListener(fetchIdempotency(guardOptions().options)(handler))),
  hono: (handler) => {
    const app = new Hono().post('/charges', honoIdempotency(guardOptions().options), handler);
    return serve(getRequestListener(app.fetch));
  },
};

async function upstream(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const { origin, close } = await listen(createServer(answer));
  onTestFinished(close);
  return origin;
}

/** The first answer and the replay, without the guard's marks. */
async function twice(origin: string) {
  return [await post(origin), await post(origin)];
}

for (const [name, start] of Object.entries(frameworks)) {
  describe(`a ${name} handler that passes on an upstream's response`, () => {
    it('does not pass on its chunked framing', async () => {
      const url = await upstream((_request, response) => {
        response.write('he');
        response.end('llo');
      });
      for (const answer of await twice(await start(() => fetch(url, { method: 'POST' })))) {
        expect([answer.status, answer.body.toString()]).toEqual([200, 'hello']);
        expect([answer.header('transfer-encoding'), answer.header('content-length')]).toEqual([undefined, '5']);
      }
    });

    it('streams it without the framing of the upstream', async () => {
      const url = await upstream((_request, response) => {
        response.write('he');
        setTimeout(() => response.end('llo'), 50);
      });
      const [first, replay] = await twice(await start(() => fetch(url, { method: 'POST' })));
      expect([first?.status, first?.body.toString(), first?.header('content-length')]).toEqual([
        200,
        'hello',
        undefined,
      ]);
      expect([replay?.body.toString(), replay?.header('content-length')]).toEqual(['hello', '5']);
    });

    it('forwards no header of that connection, nor any that Connection names', async () => {
      const url = await upstream((_request, response) => {
        response.writeHead(200, {
          Connection: 'keep-alive, X-Hop',
          'Keep-Alive': 'timeout=71',
          'X-Hop': '1',
          'X-End': '2',
          'Proxy-Authenticate': 'Basic',
          Upgrade: 'h2c',
        });
        response.end('hello');
      });
      for (const answer of await twice(await start(() => fetch(url, { method: 'POST' })))) {
        const left = ['x-hop', 'proxy-authenticate', 'upgrade'].map((header) => answer.header(header));
        expect([...left, answer.header('x-end')]).toEqual([undefined, undefined, undefined, '2']);
        expect(answer.header('keep-alive')).not.toBe('timeout=71');
      }
    });

    it('removes a content coding that fetch has decoded', async () => {
      const url = await upstream((_request, response) => {
        const coded = gzipSync('hello');
        response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length });
        response.end(coded);
      });
      for (const answer of await twice(await start(() => fetch(url, { method: 'POST' })))) {
        expect([answer.body.toString(), answer.complete]).toEqual(['hello', true]);
        expect(answer.header('content-encoding')).toBeUndefined();
      }
    });

    it('returns a copy without the length of its coded form', async () => {
      const url = await upstream((_request, response) => {
        const coded = gzipSync('hello');
        response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length });
        response.end(coded);
      });
      const origin = await start(async () => {
        const { body, headers } = await fetch(url, { method: 'POST' });
        return new Response(body, { headers });
      });
      for (const answer of await twice(origin)) expect([answer.body.length, answer.complete]).toEqual([5, true]);
    });

    it('may omit its body', async () => {
      const url = await upstream((_request, response) => response.end('hello'));
      const origin = await start(async () => new Response(null, await fetch(url, { method: 'POST' })));
      for (const answer of await twice(origin)) expect([answer.status, answer.body.length]).toEqual([200, 0]);
    });
  });

  it(`a text of a ${name} handler has the Content-Type that the server gives it`, async () => {
    const bare = await serve(getRequestListener(() => new Response('hello')));
    const expected = (await post(bare)).header('content-type');
    for (const answer of await twice(await start(() => new Response('hello')))) {
      expect(answer.header('content-type')).toBe(expected);
    }
  });

  describe(`an empty answer of a ${name} handler`, () => {
    it.each([200, 201, 303, 400])('with status %i is replayed without a Content-Type', async (status) => {
      const origin = await start(() => new Response(null, { status, headers: { Location: '/orders/1' } }));
      for (const answer of await twice(origin)) {
        expect([answer.status, answer.header('location')]).toEqual([status, '/orders/1']);
        expect(answer.header('content-type')).toBeUndefined();
      }
    });
  });
}

it("an answer of finish has its own framing, although it has an upstream's headers", async () => {
  const { answerResponse } = await import('../../src/http/response/answer.ts');
  const headers = { 'transfer-encoding': 'chunked', connection: 'x-hop', 'x-hop': '1', 'x-end': '2' };
  expect(answerResponse({ status: 201, headers, body: 'hello' }).headers).toEqual([
    ['Content-Type', 'text/plain;charset=UTF-8'],
    ['x-end', '2'],
    ['Content-Length', '5'],
  ]);
});
