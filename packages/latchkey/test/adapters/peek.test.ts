import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { idempotency as koaGuard } from '../../src/adapters/koa.ts';
import { type LambdaEvent, idempotency as lambdaGuard } from '../../src/adapters/lambda.ts';
import { idempotency as nodeGuard } from '../../src/adapters/node.ts';
import type { Peek } from '../../src/http/layer.ts';
import type { RouteOptions } from '../../src/http/options.ts';
import { receive } from '../../src/testing/adapter-suite/client.ts';
import { firstKey } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';
import { invocation } from './apps/lambda.ts';
import { httpApi, setup } from './apps/lambda-rig.ts';

/** What an application does with a request: the code before the guard peeks at it, the handler answers. */
interface Shop {
  readonly peeks: Peek[];
  /** Gets the parsed body. */
  order(body: unknown): Promise<string>;
}

type Start = (shop: Shop, options: ReturnType<typeof guardOptions>['options']) => Promise<string>;

/** The route's own options, with which its peek must agree. */
const route = { fingerprint: { ignore: ['/sentAt'] } } as const satisfies RouteOptions<object>;

function onExpress(parser: 'first' | 'between' | 'last'): Start {
  return async ({ peeks, order }, options) => {
    const guard = expressGuard(options).with(route);
    const peek: express.RequestHandler = (request, _response, next) => {
      guard.peek(request).then((found) => {
        peeks.push(found);
        next();
      }, next);
    };
    const parse = express.json({ limit: '1mb' });
    const handlers = { first: [parse, peek, guard], between: [peek, parse, guard], last: [peek, guard, parse] };
    const app = express();
    app.use(
      '/v1',
      express.Router().post('/orders', ...handlers[parser], async (request, response) => {
        response.send(await order(request.body));
      }),
    );
    return serve(app);
  };
}

function onFastify(hook: 'onRequest' | 'preHandler', order: 'registered first' | 'declared first'): Start {
  return async (shop, options) => {
    const guard = fastifyGuard(options);
    const app = fastify();
    const peek = async (request: FastifyRequest) => void shop.peeks.push(await guard.peek(request));
    const declare = (own: object) =>
      app.post('/v1/orders', { config: { idempotency: route }, ...own }, async (request, reply: FastifyReply) =>
        reply.send(await shop.order(request.body)),
      );
    if (order === 'declared first') {
      // The guard runs before the own hooks of such a route, and after earlier hooks of the instance.
      app.addHook(hook, peek);
      declare({});
    }
    await app.register(guard);
    if (order === 'registered first') declare({ [hook]: peek });
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
}

const apps: Readonly<Record<string, Start>> = {
  'node:http': ({ peeks, order }, options) => {
    const guard = nodeGuard(options).with(route);
    const handler = guard.wrap(async (request, response) => void response.end(await order(await json(request))));
    return serve(async (request, response) => {
      peeks.push(await guard.peek(request));
      await handler(request, response);
    });
  },
  'Express, after the parser': onExpress('first'),
  'Express, before the parser and the guard': onExpress('between'),
  'Express, with the parser after the guard': onExpress('last'),
  'Fastify, in preHandler': onFastify('preHandler', 'registered first'),
  'Fastify, in preHandler of a route declared before the guard': onFastify('preHandler', 'declared first'),
  'Fastify, in onRequest': onFastify('onRequest', 'registered first'),
  Hono: ({ peeks, order }, options) => {
    const guard = honoGuard(options).with(route);
    const app = new Hono();
    app.use(async (c, next) => {
      peeks.push(await guard.peek(c));
      await next();
    });
    app.post('/v1/orders', guard, async (c) => c.text(await order(await c.req.json())));
    return serve(getRequestListener(app.fetch));
  },
  Koa: ({ peeks, order }, options) => {
    const guard = koaGuard(options).with(route);
    const app = new Koa();
    app.use(async (ctx, next) => {
      peeks.push(await guard.peek(ctx));
      await next();
    });
    app.use(guard).use(async (ctx) => {
      ctx.body = await order(await json(ctx.req));
    });
    return serve(app.callback());
  },
  'Hono, after a validator': ({ peeks, order }, options) => {
    const guard = honoGuard(options).with(route);
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.json();
      peeks.push(await guard.peek(c));
      await next();
    });
    app.post('/v1/orders', guard, async (c) => c.text(await order(await c.req.json())));
    return serve(getRequestListener(app.fetch));
  },
  fetch: ({ peeks, order }, options) => {
    const guard = fetchGuard(options).with(route);
    const handler = guard(async (request) => new Response(await order(await request.json())));
    return serve(
      getRequestListener(async (request) => {
        peeks.push(await guard.peek(request));
        return handler(request);
      }),
    );
  },
};

const path = '/v1/orders?from=cart';

/** Sends a body in pieces, without Content-Length. */
async function postChunked(origin: string, pieces: readonly string[]) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': `"${firstKey}"` };
  const request = httpRequest(new URL(path, origin), { method: 'POST', headers });
  const response = new Promise<IncomingMessage>((resolve, reject) =>
    request.on('response', resolve).on('error', reject),
  );
  for (const piece of pieces) {
    request.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  request.end();
  return receive(await response);
}

for (const [name, start] of Object.entries(apps))
  describe(`peek on ${name}`, () => {
    const rig = async () => {
      const bodies: unknown[] = [];
      const peeks: Peek[] = [];
      let release = Promise.resolve();
      const order = async (body: unknown) => {
        bodies.push(body);
        await release;
        return `order ${bodies.length}`;
      };
      const { faults, options } = guardOptions();
      const origin = await start({ peeks, order }, { ...options, ...{ timing: { claimTimeoutMs: 300 } } });
      return {
        ...{ bodies, peeks, faults, origin },
        send: (body: string, key: string | undefined = firstKey) => post(origin, { path, key, body }),
        holdHandlers: () => {
          const { promise, resolve } = Promise.withResolvers<void>();
          release = promise;
          return resolve;
        },
      };
    };

    it('says new, replay, mismatch and none, and leaves the body to guard and handler', async () => {
      const { bodies, peeks, faults, send, origin } = await rig();
      expect((await send('{"item":"tea","sentAt":1}')).body.toString()).toBe('order 1');
      const retry = await send('{"item":"tea","sentAt":2}');
      expect([retry.body.toString(), retry.header('idempotent-replayed')]).toEqual(['order 1', 'true']);
      expect((await send('{"item":"pot"}')).status).toBe(422);
      expect((await post(origin, { path, key: undefined, body: '{"item":"tea"}' })).status).toBe(200);
      expect(peeks).toEqual(['new', 'replay', 'mismatch', 'none']);
      expect(bodies).toEqual([{ item: 'tea', sentAt: 1 }, { item: 'tea' }]);
      expect([faults.calls.get('read'), faults.calls.get('claim')]).toEqual([3, 3]);
    });

    it('says running for a retry during the first request', async () => {
      const { bodies, peeks, send, holdHandlers } = await rig();
      const release = holdHandlers();
      const first = send('{"item":"tea"}');
      await vi.waitUntil(() => bodies.length === 1);
      expect((await send('{"item":"tea"}')).status).toBe(409);
      release();
      expect((await first).status).toBe(200);
      expect(peeks).toEqual(['new', 'running']);
    });

    it('leaves long and chunked bodies to guard and handler', async () => {
      const { bodies, peeks, send, origin } = await rig();
      const item = 'x'.repeat(200_000);
      expect((await send(JSON.stringify({ item }))).status).toBe(200);
      expect((await send(JSON.stringify({ item }))).header('idempotent-replayed')).toBe('true');
      const other = await rig();
      for (const _again of [1, 2]) {
        const { status } = await postChunked(other.origin, ['{"item":', '"tea"', '}']);
        expect(status).toBe(200);
      }
      expect(origin).not.toBe(other.origin);
      expect([peeks, other.peeks]).toEqual([
        ['new', 'replay'],
        ['new', 'replay'],
      ]);
      expect([bodies, other.bodies]).toEqual([[{ item }], [{ item: 'tea' }]]);
    });

    it('R60 says unknown while the store is down, and the guard answers 503', async () => {
      const { bodies, peeks, faults, send } = await rig();
      faults.plan(() => ({ kind: 'hang' }));
      expect((await send('{"item":"tea"}')).status).toBe(503);
      expect([peeks, bodies]).toEqual([['unknown'], []]);
    });
  });

it('says none on a route of Fastify that is not guarded, and for an unknown path', async () => {
  const peeks: Peek[] = [];
  const guard = fastifyGuard(guardOptions().options);
  const app = fastify();
  app.addHook('preHandler', async (request) => void peeks.push(await guard.peek(request)));
  await app.register(guard);
  app.post('/free', { config: { idempotency: false } }, async () => 'done');
  onTestFinished(() => app.close());
  const headers = { 'idempotency-key': firstKey };
  await app.inject({ method: 'POST', url: '/free', headers, payload: { item: 'tea' } });
  await app.inject({ method: 'POST', url: '/missing', headers, payload: { item: 'tea' } });
  expect(peeks).toEqual(['none', 'none']);
});

describe('peek on Lambda', () => {
  it('says new, running, replay, mismatch and none, and leaves the event to the guard', async () => {
    const { options, faults } = setup();
    const guard = lambdaGuard(options);
    const event = httpApi();
    const handler = guard(async (received) => ({ statusCode: 201, body: await guard.peek(received) }));
    expect(await guard.peek(event)).toBe('new');
    expect(await handler(event, invocation())).toMatchObject({ statusCode: 201, body: 'running' });
    expect(await guard.peek(event)).toBe('replay');
    expect(await guard.peek(httpApi({ body: '{"a":2}' }))).toBe('mismatch');
    expect(await guard.peek(httpApi({ headers: {} }))).toBe('none');
    expect(await guard.peek({ Records: [] } as object as LambdaEvent)).toBe('none');
    expect(faults.calls.get('read')).toBe(4);
  });

  it('R60 says unknown while the store is down, although timers only run during an invocation', async () => {
    const { options, faults } = setup({ timing: { claimTimeoutMs: 100 } });
    faults.plan(() => ({ kind: 'hang' }));
    expect(await lambdaGuard(options).peek(httpApi())).toBe('unknown');
  });
});
