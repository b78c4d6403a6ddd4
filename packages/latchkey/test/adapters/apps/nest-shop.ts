import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { onTestFinished } from 'vitest';
import { LatchkeyModule } from '../../../src/adapters/nest.ts';
import type { RouteOptions } from '../../../src/http/options.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { post } from './harness.ts';
import type { Platform } from './nest.ts';
import { decorate } from './nest-decorators.ts';

export const platforms: readonly Platform[] = ['express', 'fastify'];

/** A method of a controller, with its decorators. */
export interface ShopRoute {
  readonly on: readonly MethodDecorator[];
  readonly parameters?: readonly ParameterDecorator[];
  handle(...parameters: readonly unknown[]): unknown;
}

/** The parts of an application. */
export interface ShopParts {
  readonly routes: Readonly<Record<string, ShopRoute>>;
  /** Decorators of the controller. */
  readonly controller?: readonly ClassDecorator[];
  readonly providers?: ModuleMetadata['providers'];
  readonly options?: RouteOptions<{ readonly method: string }>;
  /** Instead of the module with a memory store. */
  readonly module?: NonNullable<ModuleMetadata['imports']>[number];
  /** Changes the application before it listens. */
  readonly prepare?: (app: INestApplication) => unknown;
}

/** What Nest's own log received. */
interface Logged {
  readonly errors: unknown[];
}

function classOf({ routes, controller = [] }: ShopParts) {
  class Shop {}
  for (const [name, { on, parameters = [], handle }] of Object.entries(routes)) {
    const method = { [name]: (...given: readonly unknown[]) => handle(...given) }[name];
    Object.defineProperty(Shop.prototype, name, { value: method, writable: true, configurable: true });
    decorate(Shop, name, on, parameters);
  }
  for (const decorator of controller) decorator(Shop);
  Controller()(Shop);
  return Shop;
}

/** The module of an application with one controller. */
function shopModule(parts: ShopParts) {
  const { providers = [], options, module } = parts;
  class App {}
  const guard =
    module ?? LatchkeyModule.forRoot({ ...options, store: memoryStore(), principal: () => 'tenant', log: false });
  Module({ imports: [guard], controllers: [classOf(parts)], providers })(App);
  return App;
}

/** Creates an application that is not started. */
export async function createShop(platform: Platform, parts: ShopParts) {
  const logged: Logged = { errors: [] };
  const note = (message: unknown) => void logged.errors.push(message);
  const quiet = () => {};
  const app = await NestFactory.create(
    shopModule(parts),
    platform === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    { abortOnError: false, logger: { log: quiet, warn: note, error: note } },
  );
  onTestFinished(() => app.close());
  return { app, logged };
}

/** Starts an application. */
export async function startShop(platform: Platform, parts: ShopParts) {
  const { app, logged } = await createShop(platform, parts);
  await parts.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const origin = await app.getUrl();
  return { app, logged, origin, send: (sent = {}) => post(origin, sent) };
}

/** The parts of an answer that a test compares. */
export function seen({ status, body, header }: Awaited<ReturnType<typeof post>>) {
  return { status, body: body.toString(), mark: header('idempotency-status') };
}
