import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/fastify.ts';
import { open, receive, responseTo, sendRaw } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post } from './apps/harness.ts';

async function start(app: FastifyInstance): Promise<string> {
  onTestFinished(() => app.close());
  return app.listen({ host: '127.0.0.1', port: 0 });
}

async function echo(
  prepare: (app: FastifyInstance) => void = () => {},
  late: (app: FastifyInstance) => void = () => {},
) {
  const app = fastify({ bodyLimit: 400_000 });
  prepare(app);
  await app.register(idempotency(guardOptions().options));
  late(app);
  app.post('/charges', async (request) => JSON.stringify(request.body));
  app.post('/other', async () => 'other');
  return start(app);
}

/** The first request, its retry, and another payload under the same key. */
async function expectGuarded(ask: (body: string) => Promise<{ status: number; body: Buffer | string }>) {
  const body = JSON.stringify({ amount: 1 });
  const [first, again, other] = [await ask(body), await ask(body), await ask(JSON.stringify({ amount: 2 }))];
  expect([first.status, String(first.body), String(again.body), other.status]).toEqual([200, body, body, 422]);
}

const json: [string, string] = ['Content-Type', 'application/json'];

describe('the body of a fastify request is compared by its bytes', () => {
  it('after an asynchronous hook, when the body arrives before the guard runs', async () => {
    const origin = await echo((app) => app.addHook('onRequest', async () => pause(20)));
    await expectGuarded((body) => post(origin, { body, headers: [json] }));
  });

  it('whose bytes differ though their values are the same for the parser', async () => {
    const origin = await echo();
    const ask = (body: string) => post(origin, { body, headers: [json] });
    expect((await ask('{"id":9007199254740993}')).status).toBe(200);
    expect((await ask('{"id":9007199254740992}')).status).toBe(422);
  });

  for (const name of ['of known length', 'chunked']) {
    it(`in many pieces, ${name}`, async () => {
      const origin = await echo();
      await expectGuarded(async (body) => {
        const known: [string, string][] = name === 'chunked' ? [] : [['Content-Length', String(body.length)]];
        const request = open(origin, { key: firstKey, headers: [json, ...known] });
        const answer = responseTo(request);
        for (const piece of body) {
          request.write(piece);
          await pause(2);
        }
        request.end();
        return receive(await answer);
      });
    });
  }

  it('of pipelined requests on one connection', async () => {
    const origin = await echo();
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const request = (key: string, amount: number) =>
      `POST /charges HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 12\r\n${amount === 9 ? 'Connection: close\r\n' : ''}\r\n{"amount":${amount}}`;
    socket.write([request('a', 1), request('b', 2), request('a', 1), request('a', 3), request('b', 9)].join(''));
    const answers = (await text(socket)).matchAll(/HTTP\/1.1 (\d+)/g);
    expect(Array.from(answers, ([, status]) => status)).toEqual(['200', '200', '200', '422', '422']);
  });

  it("up to the stream's buffer size, and longer", async () => {
    const origin = await echo();
    for (const length of [65_536, 65_537, 300_000]) {
      const body = JSON.stringify('x'.repeat(length - 2));
      for (const key of [String(length), String(length)]) {
        expect((await post(origin, { key, body, headers: [json] })).body.toString()).toBe(body);
      }
      expect((await post(origin, { key: String(length), body: body.replace('x', 'y'), headers: [json] })).status).toBe(
        422,
      );
    }
  });

  it('of app.inject(), even if the parser leaves it unread', async () => {
    const app = fastify();
    app.addContentTypeParser('text/left', (_request, _payload, done) => done(null));
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', async (request) => text(request.raw));
    const inject = async (payload: string) => {
      const headers = { 'idempotency-key': firstKey, 'content-type': 'text/left' };
      const { statusCode, body } = await app.inject({ method: 'POST', url: '/charges', headers, payload });
      return [statusCode, body];
    };
    expect([await inject('one'), await inject('one')]).toEqual([
      [200, 'one'],
      [200, 'one'],
    ]);
    expect((await inject('two'))[0]).toBe(422);
    await app.close();
  });

  it('over HTTP/2', async () => {
    const app = fastify({ http2: true });
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', async (request) => JSON.stringify(request.body));
    const origin = await start(app as unknown as FastifyInstance);
    const session = connectHttp2(origin);
    onTestFinished(() => session.close());
    await expectGuarded(async (body) => {
      const headers = {
        'idempotency-key': firstKey,
        'content-type': 'application/json',
        'content-length': String(body.length),
      };
      const stream = session.request({ ':method': 'POST', ':path': '/charges', ...headers });
      const head = once(stream, 'response');
      stream.end(body);
      const [{ ':status': status }] = await head;
      return { status, body: await text(stream) };
    });
  });

  it('is refused over the limit of the route or the parser', async () => {
    const app = fastify({ bodyLimit: 100 });
    app.addContentTypeParser('text/left', (_request, _payload, done) => done(null));
    await app.register(idempotency({ ...guardOptions().options, request: { maxBytes: 10 } }));
    app.post(
      '/charges',
      { bodyLimit: 20, config: { idempotency: { request: { maxBytes: 100 } } } },
      async () => 'done',
    );
    app.post('/other', async () => 'done');
    const origin = await start(app);
    const ask = async (path: string, length: number, type = 'application/json') => {
      const answer = await post(origin, { path, body: JSON.stringify('x'.repeat(length - 2)), type });
      return [answer.status, answer.json()];
    };
    expect([await ask('/other', 11), await ask('/charges', 21, 'text/left'), await ask('/charges', 21)]).toEqual([
      [413, expect.objectContaining({ code: 'request-too-large' })],
      [413, expect.objectContaining({ code: 'request-too-large' })],
      [413, expect.objectContaining({ code: 'FST_ERR_CTP_BODY_TOO_LARGE' })],
    ]);
  });

  for (const kind of ['parsed', 'left unread']) {
    it(`is not awaited when the client disconnects in its middle, ${kind}`, async () => {
      let began = 0;
      let runs = 0;
      let closed = 0;
      const app = fastify({ forceCloseConnections: true });
      app.addContentTypeParser('text/left', (_request, _payload, done) => done(null));
      app.addHook('onRequest', async (request) => {
        began += 1;
        request.raw.on('close', () => {
          closed += 1;
        });
      });
      await app.register(idempotency(guardOptions().options));
      app.post('/charges', async () => ++runs);
      const socket = connect(Number(new URL(await start(app)).port), '127.0.0.1');
      const type = kind === 'parsed' ? 'application/json' : 'text/left';
      socket.write(
        `POST /charges HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\r\nContent-Type: ${type}\r\nContent-Length: 100\r\n\r\n"half`,
      );
      await until(() => began === 1);
      await pause(20);
      socket.destroy();
      await until(() => closed === 1);
      await pause(20);
      expect(runs).toBe(0);
    });
  }

  for (const order of ['before', 'after']) {
    it(`in its original coding, if a plugin ${order} the guard decompresses it`, async () => {
      const gunzip = (app: FastifyInstance) =>
        void app.addHook('preParsing', async (request, _reply, payload) => {
          const receivedEncodedLength = Number(request.headers['content-length']);
          return Object.assign(payload.pipe(createGunzip()), { receivedEncodedLength });
        });
      const origin = await (order === 'before' ? echo(gunzip) : echo(undefined, gunzip));
      const headers: [string, string][] = [json, ['Content-Encoding', 'gzip']];
      await expectGuarded((body) => post(origin, { body: gzipSync(body), headers }));
    });
  }

  it('when a hook before the guard has begun to read it as a stream', async () => {
    const app = fastify();
    app.addContentTypeParser('text/stream', (_request, _payload, done) => done(null));
    const preHandler = async ({ raw }: FastifyRequest) => {
      await once(raw, 'readable');
      raw.read(1);
    };
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', { preHandler }, async (request) => text(request.raw));
    const origin = await start(app);
    for (const [body, status] of [
      ['one', 200],
      ['one', 200],
      ['two', 422],
    ] as const) {
      const request = open(origin, {
        key: firstKey,
        headers: [
          ['Content-Type', 'text/stream'],
          ['Content-Length', '3'],
        ],
      });
      const answer = responseTo(request);
      request.write(body.slice(0, 1));
      await pause(20);
      request.end(body.slice(1));
      expect((await receive(await answer)).status).toBe(status);
    }
  });

  it('with a second guard registered, which is distinguished', async () => {
    const app = fastify();
    await app.register(idempotency(guardOptions().options));
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', async () => 'done');
    const answer = await post(await start(app), { body: '{}' });
    expect([answer.status, answer.json()]).toEqual([500, expect.objectContaining({ code: 'guard-mounted-twice' })]);
  });

  it('and is empty if there is no body', async () => {
    const origin = await echo();
    const head = `POST /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: a\r\n`;
    expect(await sendRaw(origin, `${head}Content-Length: 0\r\n\r\n`)).toBe(200);
    expect(await sendRaw(origin, `${head}\r\n`)).toBe(200);
  });
});
