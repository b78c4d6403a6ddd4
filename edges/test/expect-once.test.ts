import 'reflect-metadata';
import { Controller, type MiddlewareConsumer, Module, type NestModule, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import { idempotency } from 'latchkey/express';
import { expectOnce, testStore } from 'latchkey/testing';
import { expect, it, onTestFinished } from 'vitest';

/** A Nest application whose only route charges a card in one step. */
async function nestShop(store: ReturnType<typeof testStore>, charges: Set<string>) {
  const guard = idempotency({ store, principal: () => 'tenant', afterFailure: 'rerun', log: false });
  class Charges {
    async charge(request: Request) {
      return guard.context(request).step('charge', ({ idempotencyKey }) => {
        charges.add(idempotencyKey);
        return { id: 'ch_1' };
      });
    }
  }
  class Shop implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(guard).forRoutes(Charges);
    }
  }
  // Does what decorators would do, whose syntax Node does not run.
  Post()(Charges.prototype, 'charge', Object.getOwnPropertyDescriptor(Charges.prototype, 'charge') ?? {});
  Req()(Charges.prototype, 'charge', 0);
  Controller('charges')(Charges);
  Module({ controllers: [Charges] })(Shop);
  const app = await NestFactory.create(Shop, { logger: false });
  onTestFinished(() => app.close());
  return app;
}

it('expectOnce sends requests to a Nest application that neither listens nor was initialized', async () => {
  const store = testStore();
  const charges = new Set<string>();
  const app = await nestShop(store, charges);
  const request = { path: '/charges', body: { amount: 2000 } };
  expect(await expectOnce(app, request, { store, effects: () => charges.size })).toHaveLength(9);
});
