import {
  Body,
  Controller,
  Header,
  HttpCode,
  Module,
  type NestInterceptor,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestRequest } from 'latchkey/nest';
import type { TransactionKind } from 'latchkey/store';
import type { Application, Guarding } from './applications.ts';
import { type Charge, charge } from './handler.ts';

/**
 * The interceptor of the bare server: Nest runs a handler without interceptors on a shorter path, so any interceptor
 * has this cost.
 */
const passing: NestInterceptor = { intercept: (_context, next) => next.handle() };

/** The module of an application with one route. The decorators are functions, since Node does not run their syntax. */
async function moduleOf(path: string, guarding: Guarding | undefined): Promise<object> {
  class Charges {
    create(body: Charge): string {
      return charge(body);
    }
  }
  const create = Object.getOwnPropertyDescriptor(Charges.prototype, 'create') as TypedPropertyDescriptor<unknown>;
  Body()(Charges.prototype, 'create', 0);
  for (const decorator of [Post(path), HttpCode(200), Header('content-type', 'application/json')])
    decorator(Charges.prototype, 'create', create);
  Controller()(Charges);
  class App {}
  if (guarding === undefined) {
    UseInterceptors(passing)(Charges);
    Module({ controllers: [Charges] })(App);
  } else {
    const { IdempotencyInterceptor, LatchkeyModule } = await guarding.library.entry('nest');
    const principal = ({ headers }: NestRequest) => headers['x-account']?.toString();
    const options = { store: guarding.store, principal, ...guarding.library.quiet };
    UseInterceptors(IdempotencyInterceptor)(Charges);
    Module({ imports: [LatchkeyModule.forRoot<NestRequest, TransactionKind>(options)], controllers: [Charges] })(App);
  }
  return App;
}

/** Nest on one of its platforms. */
export function nestOn(platform: 'express' | 'fastify', path: string): Application {
  return async (guarding) => {
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(await moduleOf(path, guarding), adapter, { logger: false });
    if (adapter instanceof ExpressAdapter) adapter.set('etag', false);
    await app.init();
    if (adapter instanceof FastifyAdapter) await adapter.getInstance().ready();
    const close = async () => {
      await app.close();
      await guarding?.store.close();
    };
    return { server: app.getHttpServer(), close };
  };
}
