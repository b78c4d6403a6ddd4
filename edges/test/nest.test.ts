import 'reflect-metadata';
import {
  type CanActivate,
  Controller,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { RequestHandler } from 'express';
import { idempotency } from 'latchkey/express';
import { memoryStore } from 'latchkey/memory';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from './kit/serve.ts';

/** A Nest application with these middlewares, in this order, then Nest's guard. */
async function nestShop(middlewares: readonly RequestHandler[], guard: CanActivate = { canActivate: () => true }) {
  let orders = 0;
  class Orders {
    place(): string {
      orders += 1;
      return `order ${orders}`;
    }
  }
  class Shop implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(...middlewares).forRoutes(Orders);
    }
  }
  const place = Object.getOwnPropertyDescriptor(Orders.prototype, 'place') ?? {};
  // Does what decorators would do, whose syntax Node does not run.
  Post()(Orders.prototype, 'place', place);
  UseGuards(guard)(Orders);
  Controller('orders')(Orders);
  Module({ controllers: [Orders] })(Shop);
  const app = await NestFactory.create(Shop, { logger: false });
  await app.init();
  onTestFinished(() => app.close());
  return serve(app.getHttpAdapter().getInstance());
}

const options = () => ({ store: memoryStore(), principal: () => 'tenant', log: false as const });

describe('the guard as middleware of Nest', () => {
  it("R50 gives a revoked caller the application's refusal when mounted after authentication", async () => {
    let signedIn = true;
    const authenticate: RequestHandler = (_request, response, next) =>
      signedIn ? next() : void response.status(401).send('sign in again');
    await using shop = await nestShop([authenticate, idempotency(options())]);
    const order = async () => {
      const { status, text, headers } = await shop.post('/orders', 'order-1', '{"item":"cup"}');
      return [status, text, headers.get('idempotency-status')];
    };
    expect(await order()).toEqual([201, 'order 1', 'executed']);
    expect(await order()).toEqual([201, 'order 1', 'replayed']);
    signedIn = false;
    expect(await order()).toEqual([401, 'sign in again', null]);
  });

  it("R50 calls authorizeReplay for the check of Nest's own guards, which run after middleware", async () => {
    let mayOrder = true;
    const authorizeReplay = () => mayOrder;
    const roles = { canActivate: () => mayOrder };
    await using shop = await nestShop([idempotency({ ...options(), response: { authorizeReplay } })], roles);
    expect((await shop.post('/orders', 'order-1', '{"item":"cup"}')).text).toBe('order 1');
    mayOrder = false;
    const refused = await shop.post('/orders', 'order-1', '{"item":"cup"}');
    expect([refused.status, refused.headers.get('idempotency-status')]).toEqual([403, 'replay-forbidden;final=?0']);
    expect(refused.text).not.toContain('order 1');
  });
});
