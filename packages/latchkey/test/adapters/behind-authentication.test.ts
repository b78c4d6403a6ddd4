import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { Hono } from 'hono';
import Koa, { type Context } from 'koa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { idempotency as koaGuard } from '../../src/adapters/koa.ts';
import { idempotency as lambdaGuard } from '../../src/adapters/lambda.ts';
import { idempotency as nodeGuard } from '../../src/adapters/node.ts';
import { guardOptions, post, serve } from './apps/harness.ts';
import { invocation } from './apps/lambda.ts';
import { eventOf, respond } from './apps/lambda-events.ts';

/** The callers and actions of an application. */
interface Shop {
  isSignedIn(): boolean;
  placeOrder(): string;
}

type Start = (shop: Shop, options: ReturnType<typeof guardOptions>['options']) => Promise<string>;

const refusal = 'sign in again';

function refuseOnNode(response: ServerResponse): void {
  response.statusCode = 401;
  response.end(refusal);
}

function refuseOnKoa(ctx: Context): void {
  ctx.status = 401;
  ctx.body = refusal;
}

/** A Fastify application with a hook from the test, for all routes or for one. */
function onFastify(where: 'onRequest' | 'route'): Start {
  return async (shop, options) => {
    const authenticate = async (_request: FastifyRequest, reply: FastifyReply) =>
      shop.isSignedIn() ? undefined : reply.code(401).send(refusal);
    const app = fastify();
    if (where === 'onRequest') app.addHook('onRequest', authenticate);
    await app.register(fastifyGuard(options));
    const route = where === 'route' ? { preHandler: authenticate } : {};
    app.post('/charges', route, async (_request, reply) => reply.code(201).send(shop.placeOrder()));
    onTestFinished(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  };
}

/** Each guard mounted as the frameworks page says. */
const apps: Readonly<Record<string, Start>> = {
  'node:http': (shop, options) => {
    const order = nodeGuard(options).wrap((_request: IncomingMessage, response: ServerResponse) => {
      response.statusCode = 201;
      response.end(shop.placeOrder());
    });
    return serve((request, response) => (shop.isSignedIn() ? void order(request, response) : refuseOnNode(response)));
  },
  Express: (shop, options) => {
    const app = express();
    app.use((_request, response, next) => (shop.isSignedIn() ? next() : refuseOnNode(response)));
    app.post(
      '/charges',
      expressGuard(options),
      (_request, response) => void response.status(201).send(shop.placeOrder()),
    );
    return serve(app);
  },
  'Fastify, authenticated by an onRequest hook': onFastify('onRequest'),
  'Fastify, authenticated by a preHandler of the route': onFastify('route'),
  Hono: (shop, options) => {
    const app = new Hono();
    app.use(async (c, next) => (shop.isSignedIn() ? next() : c.text(refusal, 401)));
    app.post('/charges', honoGuard(options), (c) => c.text(shop.placeOrder(), 201));
    return serve(getRequestListener(app.fetch));
  },
  Koa: (shop, options) => {
    const app = new Koa();
    app.use((ctx, next) => (shop.isSignedIn() ? next() : refuseOnKoa(ctx)));
    app.use(koaGuard(options));
    app.use((ctx) => {
      ctx.status = 201;
      ctx.body = shop.placeOrder();
    });
    return serve(app.callback());
  },
  'fetch and Next': (shop, options) => {
    const order = fetchGuard(options)(async () => new Response(shop.placeOrder(), { status: 201 }));
    const route = async (request: Request) =>
      shop.isSignedIn() ? order(request) : new Response(refusal, { status: 401 });
    return serve(getRequestListener(route));
  },
  Lambda: (shop, options) => {
    const order = lambdaGuard(options)(async () => whole(201, shop.placeOrder()));
    return serve(async (request, response) => {
      const event = await eventOf(request, 'http-api');
      const result = shop.isSignedIn() ? await order(event, invocation()) : whole(401, refusal);
      respond(response, result, 'http-api');
    });
  },
};

/** A result of a function. */
function whole(statusCode: number, body: string) {
  return { statusCode, body, isBase64Encoded: false };
}

describe('a guard after authentication', () => {
  for (const [framework, start] of Object.entries(apps)) {
    it(`R50 gives a revoked caller the application's refusal and no stored answer, in ${framework}`, async () => {
      let signedIn = true;
      let orders = 0;
      const placeOrder = () => {
        orders += 1;
        return `order ${orders}`;
      };
      const origin = await start({ isSignedIn: () => signedIn, placeOrder }, guardOptions().options);
      const answer = async () => {
        const { status, body, header } = await post(origin);
        return [status, body.toString(), header('idempotency-status')];
      };
      expect(await answer()).toEqual([201, 'order 1', 'executed']);
      expect(await answer()).toEqual([201, 'order 1', 'replayed']);
      signedIn = false;
      expect(await answer()).toEqual([401, refusal, undefined]);
      signedIn = true;
      expect(await answer()).toEqual([201, 'order 1', 'replayed']);
    });
  }

  it('R50 calls authorizeReplay if the application checks permissions after the guard', async () => {
    let mayOrder = true;
    const app = express();
    const authorizeReplay = () => mayOrder;
    app.use(expressGuard({ ...guardOptions().options, response: { authorizeReplay } }));
    app.use((_request, response, next) => (mayOrder ? next() : refuseOnNode(response)));
    app.post('/charges', (_request, response) => void response.status(201).send('order 1'));
    const origin = await serve(app);
    expect((await post(origin)).status).toBe(201);
    mayOrder = false;
    const refused = await post(origin);
    expect([refused.status, refused.header('idempotency-status')]).toEqual([403, 'replay-forbidden;final=?0']);
    expect(refused.body.toString()).not.toContain('order 1');
  });
});
