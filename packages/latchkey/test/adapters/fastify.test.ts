import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/fastify.ts';
import { guardOptions, post } from './apps/harness.ts';

async function start(app: FastifyInstance): Promise<string> {
  onTestFinished(() => app.close());
  return app.listen({ host: '127.0.0.1', port: 0 });
}

describe('the guard in fastify', () => {
  it('takes settings from the route, and ignores routes that turn it off', async () => {
    const app = fastify();
    let runs = 0;
    await app.register(idempotency(guardOptions().options));
    app.post('/strict', { config: { idempotency: { key: { required: true } } } }, async () => ++runs);
    app.post('/free', { config: { idempotency: false } }, async () => ++runs);
    const origin = await start(app);
    expect((await post(origin, { path: '/strict', key: undefined })).json()).toMatchObject({ code: 'key-missing' });
    await post(origin, { path: '/free' });
    await post(origin, { path: '/free' });
    expect(runs).toBe(2);
  });

  it('refuses a wrong setting of a route when that is declared', async () => {
    const app = fastify();
    await app.register(idempotency(guardOptions().options));
    const config = { idempotency: { request: { maxBytes: -1 } } };
    expect(() => app.post('/charges', { config }, async () => 'x')).toThrow(/request.maxBytes/);
  });

  it("acts after the route's own preHandler hooks, such as authentication", async () => {
    const { options } = guardOptions();
    const app = fastify();
    app.decorateRequest('tenant', '');
    await app.register(idempotency({ ...options, principal: (request) => Reflect.get(request, 'tenant') }));
    const preHandler = async (request: object) => void Reflect.set(request, 'tenant', 'a');
    app.post('/charges', { preHandler }, async () => 'x');
    const origin = await start(app);
    expect((await post(origin)).status).toBe(200);
    expect((await post(origin)).header('idempotent-replayed')).toBe('true');
  });

  it('guards routes that were declared before it', async () => {
    const app = fastify();
    let runs = 0;
    app.post('/charges', async () => ++runs);
    await app.register(idempotency(guardOptions().options));
    const origin = await start(app);
    await post(origin);
    expect((await post(origin)).header('idempotent-replayed')).toBe('true');
    expect(runs).toBe(1);
  });

  it('guards the instance that registers it and its children, not its siblings', async () => {
    const app = fastify();
    let runs = 0;
    app.register((child, _options, done) => {
      child.register(idempotency(guardOptions().options));
      child.register((grandchild, _none, ready) => {
        grandchild.post('/inside', async () => ++runs);
        ready();
      });
      done();
    });
    app.post('/outside', async () => ++runs);
    const origin = await start(app);
    for (const path of ['/inside', '/inside', '/outside', '/outside']) await post(origin, { path });
    expect(runs).toBe(3);
  });

  it('gives the context on the request', async () => {
    const guard = idempotency(guardOptions().options);
    const app = fastify();
    await app.register(guard);
    app.post('/charges', async (request) => [
      request.idempotency?.attempt,
      request.idempotency === guard.context(request),
    ]);
    expect((await post(await start(app))).json()).toEqual([1, true]);
  });

  it("stores the error handler's answer, and keeps headers set before it", async () => {
    const app = fastify();
    let requests = 0;
    app.addHook('onRequest', async (_request, reply) => void reply.header('x-request-id', ++requests));
    await app.register(idempotency(guardOptions().options));
    app.setErrorHandler(async (error: Error, _request, reply) => reply.code(502).send({ said: error.message }));
    app.post('/charges', async () => {
      throw new Error('boom');
    });
    const origin = await start(app);
    for (const id of ['1', '2']) {
      const answer = await post(origin);
      expect([answer.status, answer.json(), answer.header('x-request-id')]).toEqual([502, { said: 'boom' }, id]);
    }
  });

  const notFound: Record<string, (app: FastifyInstance) => void> = {
    'the default handler': () => undefined,
    'a handler of its own': (app) => {
      app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ found: false }));
    },
  };
  for (const [name, setUp] of Object.entries(notFound)) {
    it(`lets a guarded handler call callNotFound, answered by ${name}, and replays that`, async () => {
      const app = fastify();
      let runs = 0;
      await app.register(idempotency(guardOptions().options));
      setUp(app);
      app.post('/charges', async (_request, reply) => {
        runs += 1;
        reply.callNotFound();
        return reply;
      });
      const origin = await start(app);
      const first = await post(origin);
      const second = await post(origin);
      expect([first.status, first.header('idempotent-replayed')]).toEqual([404, undefined]);
      expect([second.status, second.body.toString()]).toEqual([404, first.body.toString()]);
      expect([second.header('idempotent-replayed'), runs]).toEqual(['true', 1]);
    });

    it(`neither claims nor keeps the 404 of an unknown route, answered by ${name}`, async () => {
      const { options, faults } = guardOptions();
      const app = fastify();
      await app.register(idempotency({ ...options, key: { required: true } }));
      setUp(app);
      const origin = await start(app);
      for (const key of ['k-1', 'k-1', undefined]) {
        const answer = await post(origin, { path: '/unknown', key });
        expect([answer.status, answer.header('idempotent-replayed')]).toEqual([404, undefined]);
      }
      expect(faults.calls.get('claim')).toBe(undefined);
    });
  }

  it('does not touch the 404 of an earlier hook of a guarded route', async () => {
    const app = fastify();
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', { preHandler: (_request, reply) => reply.callNotFound() }, async () => 'x');
    const origin = await start(app);
    for (let times = 0; times < 2; times += 1) {
      const answer = await post(origin);
      expect([answer.status, answer.header('idempotent-replayed')]).toEqual([404, undefined]);
    }
  });

  const writers: Record<string, RouteHandlerMethod> = {
    'reply.hijack() and reply.raw': (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(201, { 'X-Charge': 'ch_1' }).end('hello');
    },
    'a stream': (_request, reply) =>
      void reply
        .code(201)
        .header('x-charge', 'ch_1')
        .send(Readable.from(['hel', 'lo'])),
    'a Response': async () => new Response('hello', { status: 201, headers: { 'x-charge': 'ch_1' } }),
    'bytes without a type': (_request, reply) => {
      reply.hijack();
      reply.raw.statusCode = 201;
      reply.raw.setHeader('x-charge', 'ch_1');
      reply.raw.end(Buffer.from('hello'));
    },
  };
  for (const [name, handler] of Object.entries(writers)) {
    it(`replays an answer given by ${name}`, async () => {
      const app = fastify();
      await app.register(idempotency(guardOptions().options));
      app.post('/charges', handler);
      const origin = await start(app);
      const first = await post(origin);
      const second = await post(origin);
      for (const answer of [first, second]) {
        expect([answer.status, answer.body.toString(), answer.header('x-charge')]).toEqual([201, 'hello', 'ch_1']);
      }
      expect([second.header('idempotent-replayed'), second.header('content-type')]).toEqual([
        'true',
        first.header('content-type'),
      ]);
    });
  }

  it('answers app.inject() too', async () => {
    const app = fastify();
    let runs = 0;
    await app.register(idempotency(guardOptions().options));
    app.post('/charges', async () => ({ run: ++runs }));
    const request = {
      method: 'POST',
      url: '/charges',
      headers: { 'idempotency-key': 'injected' },
      payload: { a: 1 },
    } as const;
    for (const replayed of [undefined, 'true']) {
      const answer = await app.inject(request);
      expect([answer.statusCode, answer.json(), answer.headers['idempotent-replayed']]).toEqual([
        200,
        { run: 1 },
        replayed,
      ]);
    }
    await app.close();
  });

  for (const order of ['before', 'after']) {
    it(`works with @fastify/compress ${order} it`, async () => {
      const text = 'charge '.repeat(1_000);
      const app = fastify();
      let runs = 0;
      if (order === 'before') await app.register(compress);
      await app.register(idempotency(guardOptions().options));
      if (order === 'after') await app.register(compress);
      app.post('/charges', async (_request, reply) => {
        runs += 1;
        return reply.type('text/plain').send(text);
      });
      const origin = await start(app);
      for (let times = 0; times < 2; times += 1) {
        const coded = await post(origin, { headers: [['Accept-Encoding', 'gzip']] });
        expect(coded.header('content-encoding')).toBe('gzip');
        expect(gunzipSync(coded.body).toString()).toBe(text);
      }
      const plain = await post(origin);
      expect([plain.header('content-encoding'), plain.body.toString(), runs]).toEqual([undefined, text, 1]);
    });
  }
});
