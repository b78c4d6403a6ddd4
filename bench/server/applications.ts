import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json as readJson } from 'node:stream/consumers';
import { getRequestListener } from '@hono/node-server';
import Router from '@koa/router';
import express from 'express';
import fastify, { type FastifyRequest } from 'fastify';
import { type Context, type Env, Hono } from 'hono';
import Koa, { type ParameterizedContext } from 'koa';
import type { Store, TransactionKind } from 'latchkey/store';
import type { Framework, Row } from '../rows.ts';
import { type Charge, charge, handler } from './handler.ts';
import type { Library } from './library.ts';
import { nestOn } from './nest.ts';
import type { Served } from './serve.ts';

/** The library and the store of the guard; undefined for a bare server. */
export interface Guarding {
  readonly library: Library;
  readonly store: Store<TransactionKind>;
}

export type Application = (guarding: Guarding | undefined) => Promise<Served>;

const path = '/v1/charges';
const json = 'application/json';

async function closeStore(guarding: Guarding | undefined): Promise<void> {
  await guarding?.store.close();
}

const node: Application = async (guarding) => {
  if (guarding === undefined) return { server: createServer(handler), close: async () => {} };
  const { library, store } = guarding;
  const { idempotency } = await library.entry('node');
  const principal = (request: IncomingMessage) => request.headers['x-account']?.toString();
  const guard = idempotency<TransactionKind>({ store, principal, ...library.quiet });
  return { server: createServer(guard.wrap(handler)), close: () => closeStore(guarding) };
};

const expressWith =
  (isParsedFirst: boolean): Application =>
  async (guarding) => {
    const app = express();
    app.set('etag', false);
    if (isParsedFirst) app.use(express.json());
    if (guarding !== undefined) {
      const { idempotency } = await guarding.library.entry('express');
      const principal = (request: IncomingMessage) => request.headers['x-account']?.toString();
      app.use(idempotency<TransactionKind>({ store: guarding.store, principal, ...guarding.library.quiet }));
    }
    app.post(path, express.json(), (request, response) => {
      response.type(json).send(charge(request.body as Charge));
    });
    return { server: createServer(app), close: () => closeStore(guarding) };
  };

const fastifyApplication: Application = async (guarding) => {
  const app = fastify();
  if (guarding !== undefined) {
    const { idempotency } = await guarding.library.entry('fastify');
    const principal = (request: FastifyRequest) => request.headers['x-account']?.toString();
    await app.register(idempotency<TransactionKind>({ store: guarding.store, principal, ...guarding.library.quiet }));
  }
  app.post(path, async (request, reply) => reply.type(json).send(charge(request.body as Charge)));
  await app.ready();
  return { server: app.server, close: () => closeStore(guarding) };
};

const hono: Application = async (guarding) => {
  const app = new Hono();
  if (guarding !== undefined) {
    const { idempotency } = await guarding.library.entry('hono');
    const principal = (context: Context) => context.req.header('x-account');
    app.use(path, idempotency<Env, TransactionKind>({ store: guarding.store, principal, ...guarding.library.quiet }));
  }
  app.post(path, async (context) => {
    const answer = charge(await context.req.json<Charge>());
    return context.body(answer, 200, { 'content-type': json });
  });
  return { server: createServer(getRequestListener(app.fetch)), close: () => closeStore(guarding) };
};

const koa: Application = async (guarding) => {
  const app = new Koa();
  if (guarding !== undefined) {
    const { idempotency } = await guarding.library.entry('koa');
    const principal = (ctx: ParameterizedContext) => ctx.get('x-account');
    app.use(idempotency({ store: guarding.store, principal, ...guarding.library.quiet }));
  }
  const router = new Router().post(path, async (ctx) => {
    ctx.type = json;
    ctx.body = charge((await readJson(ctx.req)) as Charge);
  });
  return { server: createServer(app.use(router.routes()).callback()), close: () => closeStore(guarding) };
};

const applications: Readonly<Record<Framework, Application>> = {
  node,
  express: expressWith(false),
  'express-parsed': expressWith(true),
  fastify: fastifyApplication,
  hono,
  koa,
  'nest-express': nestOn('express', path),
  'nest-fastify': nestOn('fastify', path),
};

/**
 * The server of a row. @param folder - the folder for its records.
 */
export async function applicationOf({ framework, store }: Row, library: Library, folder: string): Promise<Served> {
  if (store === 'none') return applications[framework](undefined);
  return applications[framework]({ library, store: await openStore(store, library, folder) });
}

async function openStore(kind: 'memory' | 'sqlite', library: Library, folder: string): Promise<Store<TransactionKind>> {
  if (kind === 'memory') {
    const { memoryStore } = await library.entry('memory');
    return memoryStore({ maxRecords: 5_000_000, maxBytes: 2 ** 33 });
  }
  const { sqliteStore } = await library.entry('sqlite');
  return sqliteStore({ database: join(folder, 'bench.sqlite') });
}
