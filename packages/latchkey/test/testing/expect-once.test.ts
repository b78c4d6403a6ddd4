import { createServer, type RequestListener } from 'node:http';
import { Controller, Module, Post } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express, { type Express } from 'express';
import express4 from 'express4';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { idempotency as koaGuard } from '../../src/adapters/koa.ts';
import { Idempotency, Idempotent, LatchkeyModule } from '../../src/adapters/nest.ts';
import { idempotency as nodeGuard } from '../../src/adapters/node.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import {
  expectOnce,
  type OnceApp,
  type TestStore,
  testStore,
  transactionalMemoryStore,
} from '../../src/testing/index.ts';
import { serve } from '../adapters/apps/harness.ts';
import { decorate } from '../adapters/apps/nest-decorators.ts';

/** A provider that honours idempotency keys, as its charges by key. */
type Charges = Map<string, number>;

const request = { path: '/charges', body: { amount: 2000 } };
const options = (store: TestStore) =>
  ({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false }) as const;

/** The handler of every application: two steps, at the provider and in the mail. */
async function charge(context: HttpContext<never, unknown> | undefined, charges: Charges) {
  await context?.step('charge', ({ idempotencyKey }) => void charges.set(idempotencyKey, 2000));
  await context?.step('mail', () => 'sent');
  return { id: 'ch_1' };
}

const expressApp = (create: () => Express) => (store: TestStore, charges: Charges) => {
  const app = create();
  const guard = expressGuard(options(store));
  app.post('/charges', guard, express.json(), (request, response, next) => {
    // Express 4 does not handle a promise.
    charge(guard.context(request), charges).then((made) => response.status(201).json(made), next);
  });
  return app;
};

function listenerApp(store: TestStore, charges: Charges): RequestListener {
  return nodeGuard(options(store)).wrap(async (_request, response, context) => {
    response.writeHead(201).end(JSON.stringify(await charge(context, charges)));
  });
}

function fetchApp(store: TestStore, charges: Charges) {
  return fetchGuard(options(store)).withContext(async (context, _request: Request) =>
    Response.json(await charge(context, charges), { status: 201 }),
  );
}

/** Neither initialized nor listening. */
async function nestApp(platform: AbstractHttpAdapter, store: TestStore, charges: Charges) {
  class Shop {
    charge(context: HttpContext | undefined) {
      return charge(context, charges);
    }
  }
  decorate(Shop, 'charge', [Post('charges')], [Idempotency()]);
  Idempotent()(Shop);
  Controller()(Shop);
  class App {}
  Module({ imports: [LatchkeyModule.forRoot(options(store))], controllers: [Shop] })(App);
  const app = await NestFactory.create(App, platform, { logger: false });
  onTestFinished(() => app.close());
  return app;
}

const apps: Readonly<Record<string, (store: TestStore, charges: Charges) => OnceApp | Promise<OnceApp>>> = {
  'a URL': (store, charges) => serve(listenerApp(store, charges)),
  'a URL object': async (store, charges) => new URL(await serve(listenerApp(store, charges))),
  'a node:http listener': listenerApp,
  'a node:http server': (store, charges) => createServer(listenerApp(store, charges)),
  'an Express 5 app': expressApp(express),
  'an Express 4 app': expressApp(express4),
  'a fetch function': fetchApp,
  'an object with fetch': (store, charges) => ({ fetch: fetchApp(store, charges) }),
  'a Hono app': (store, charges) => {
    const app = new Hono().onError((_error, c) => c.text('failed', 500));
    const guard = honoGuard(options(store));
    return app.post('/charges', guard, async (c) => c.json(await charge(c.get('idempotency'), charges), 201));
  },
  'a Fastify instance': async (store, charges) => {
    const app = Fastify();
    await app.register(fastifyGuard(options(store)));
    app.post('/charges', async (request, reply) => reply.code(201).send(await charge(request.idempotency, charges)));
    return app;
  },
  'a Koa app': (store, charges) => {
    const app = new Koa();
    app.silent = true;
    app.use(koaGuard(options(store)));
    return app.use(async (ctx) => {
      ctx.status = 201;
      ctx.body = await charge(ctx.state['idempotency'], charges);
    });
  },
  'a Nest application on Express': (store, charges) => nestApp(new ExpressAdapter(), store, charges),
  'a Nest application on Fastify': (store, charges) => nestApp(new FastifyAdapter(), store, charges),
};

const rerunChecks = [
  'the request was sent: executed',
  'the request was sent again: replayed',
  'the request was sent twice at once: in-progress',
  'the request was sent again after two at once: replayed',
  'the request was sent again after a crash before the handler ran: executed',
  'the request was sent again after a crash between the effect of the step "charge" and its save: executed',
  'the request was sent again after a crash after the step "charge" was saved: executed',
  'the request was sent again after a crash between the effect of the step "mail" and its save: executed',
  'the request was sent again after a crash after the step "mail" was saved: executed',
  'the request was sent again after a crash before the answer was stored: executed',
  'the request was sent again after a crash after the answer was stored: replayed',
];

describe('expectOnce checks', () => {
  it.each(Object.entries(apps))('%s', async (_kind, create) => {
    const charges: Charges = new Map();
    const store = testStore();
    const app = await create(store, charges);
    const checks = await expectOnce(app, request, { store, effects: () => charges.size });
    expect(checks.map(({ name, answer }) => `${name}: ${answer}`)).toEqual(rerunChecks);
  });

  it('an application that takes only one request at a time', async () => {
    const charges: Charges = new Map();
    const store = testStore();
    let last: Promise<unknown> = Promise.resolve();
    const fetch = fetchApp(store, charges);
    const inTurn = (request: Request) => {
      const answer = last.then(() => fetch(request));
      last = answer.catch(() => undefined);
      return answer;
    };
    const checks = await expectOnce(inTurn, request, { store, effects: () => charges.size, crashes: 'none' });
    expect(checks.map(({ answer }) => answer)).toEqual(['executed', 'replayed', 'replayed', 'replayed']);
  });

  it('a route that refuses to run again: at most once', async () => {
    const store = testStore();
    const mails: string[] = [];
    const guard = fetchGuard({ store, principal: () => 'tenant', log: false });
    const app = guard.withContext(async (context, _request: Request) => {
      mails.push('order');
      await context.step('charge', () => 1);
      mails.push('receipt');
      return new Response('done');
    });
    const checks = await expectOnce(app, request, { store, effects: () => mails });
    const afterCrashes = checks.slice(4).map(({ answer }) => answer);
    expect(afterCrashes).toEqual([...Array(4).fill('outcome-unknown'), 'replayed']);
  });

  it('transactions and finish', async () => {
    const database = { orders: [] as string[], stock: 100 };
    const store = testStore(transactionalMemoryStore(database));
    const guard = fetchGuard({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false });
    const app = guard.withContext(async (context, _request: Request) => {
      await context.transaction('reserve', async (db) => {
        db.stock -= 1;
      });
      return context.finish((db) => {
        db.orders.push('lamp');
        return { status: 201, body: { ordered: 'lamp' } };
      });
    });
    const effects = () => [...database.orders, ...Array.from({ length: 100 - database.stock }, () => 'reserved')];
    const checks = await expectOnce(app, request, { store, effects });
    expect(checks.slice(4).map(({ name }) => name.replace(/.* after a crash /, ''))).toEqual([
      'before the handler ran',
      'before the transaction "reserve" was committed',
      'after the transaction "reserve" was committed',
      'before finish was committed',
      'after finish was committed',
    ]);
  });

  it('steps whose starts are marked', async () => {
    const charges: Charges = new Map();
    const store = testStore();
    const guard = fetchGuard({ ...options(store), steps: { markStarts: true } });
    const app = guard.withContext(async (context) => Response.json(await charge(context, charges)));
    const checks = await expectOnce(app, request, { store, effects: () => charges.size });
    expect(checks.map(({ name }) => name)).toContain(
      'the request was sent again after a crash before the step "mail" ran',
    );
  });

  it('each operation with a request of its own', async () => {
    const store = testStore();
    const orders = new Set<string>();
    const guard = fetchGuard(options(store));
    const app = guard.withContext(async (_context, request: Request) => {
      const { order } = await request.json();
      orders.add(order);
      return Response.json({ order });
    });
    let made = 0;
    const next = () => {
      made += 1;
      return { method: 'PATCH', path: '/orders?x=1', body: { order: made } };
    };
    await expectOnce(app, next, { store, effects: () => [...orders].map(() => 'order') });
    expect(orders.size).toBe(made);
  });

  it('bodies of any kind, with the headers of the request', async () => {
    const store = testStore();
    const seen: unknown[] = [];
    const guard = fetchGuard(options(store));
    const app = guard(async (request: Request) => {
      seen.push([request.headers.get('content-type'), request.headers.get('x-shop'), await request.text()]);
      return new Response('seen');
    });
    const form = new URLSearchParams({ amount: '2000' });
    const bodies = ['text', new TextEncoder().encode('bytes'), form, [1], undefined];
    for (const body of bodies)
      await expectOnce(
        app,
        { path: '/', headers: { 'X-Shop': 's-1', ...(body === 'text' && { 'Content-Type': 'text/x' }) }, body },
        { effects: () => seen.length, crashes: 'none' },
      );
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
      new Set([
        '["text/x","s-1","text"]',
        '[null,"s-1","bytes"]',
        '["application/x-www-form-urlencoded","s-1","amount=2000"]',
        '["application/json","s-1","[1]"]',
        '[null,"s-1",""]',
      ]),
    );
  });
});
