import { Post, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency as fastifyGuard } from '../../src/adapters/fastify.ts';
import { idempotency as fetchGuard } from '../../src/adapters/fetch.ts';
import { idempotency as honoGuard } from '../../src/adapters/hono.ts';
import { idempotency as koaGuard } from '../../src/adapters/koa.ts';
import { idempotency as lambdaGuard } from '../../src/adapters/lambda.ts';
import { IdempotencyInterceptor, Idempotent, SkipIdempotency } from '../../src/adapters/nest.ts';
import { idempotency as nodeGuard } from '../../src/adapters/node.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { createShop } from './apps/nest-shop.ts';

const options = { store: memoryStore(), principal: 'authorization', timing: { retentionMs: 7_200_000 } } as const;
const healthy = { ok: true, store: { name: 'memory', reachable: true } };
const changed = { timing: { retentionMs: 3_600_000 } };

const guards = {
  express: expressGuard(options),
  fetch: fetchGuard(options),
  hono: honoGuard(options),
  koa: koaGuard(options),
  lambda: lambdaGuard(options),
  'node:http': nodeGuard(options),
};

describe.each(Object.entries(guards))('the guard for %s', (_name, guard) => {
  it('gives its contract, and that of a route', async () => {
    expect(await guard.contract()).toMatchObject({ retention: { answer: 'PT2H' } });
    expect(await guard.with(changed).contract()).toMatchObject({ retention: { answer: 'PT1H' } });
  });

  it('gives the health of its store', async () => {
    expect(await guard.health()).toMatchObject(healthy);
    expect(await guard.with(changed).health()).toMatchObject(healthy);
  });
});

it('the guard for fastify gives its contract', async () => {
  expect(await fastifyGuard(options).contract()).toMatchObject({ retention: { answer: 'PT2H' } });
});

it('the guard for fastify gives the health of its store', async () => {
  expect(await fastifyGuard(options).health()).toMatchObject(healthy);
});

it('the interceptor of nest gives the contract of the module and of a handler, none with @SkipIdempotency(), and the health', async () => {
  const charge = { on: [Post('charges'), Idempotent(changed)], handle: () => 'charged' };
  const skipped = { on: [Post('skipped'), SkipIdempotency()], handle: () => 'skipped' };
  const { app } = await createShop('express', { routes: { charge, skipped } });
  await app.init();
  const interceptor = app.get(IdempotencyInterceptor);
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  const controller = controllers[0]?.metatype as Type;
  expect(await interceptor.contract()).toMatchObject({ retention: { answer: 'P1D' } });
  expect(await interceptor.contract(controller, 'charge')).toMatchObject({ retention: { answer: 'PT1H' } });
  expect(await interceptor.contract(controller, 'skipped')).toBeUndefined();
  expect(await interceptor.health()).toMatchObject(healthy);
});
