/**
 * Applications on Fastify 5.
 *
 * @module
 */

import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import etag from '@fastify/etag';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import middie, { type Handler } from '@fastify/middie';
import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance, type FastifyPluginCallback, type FastifyRequest } from 'fastify';
import { fastifyKinds } from '../handlers/fastify-kinds.ts';
import { type FastifyKind, fastifyHandler } from '../handlers/fastify-order.ts';
import type { Plan } from '../world/plan.ts';
import type { App, AppParts } from './app.ts';
import { connectAll } from './middlewares.ts';

const kinds: Readonly<Record<string, FastifyKind>> = fastifyKinds;

const plugins: Readonly<Record<string, (app: FastifyInstance) => PromiseLike<unknown>>> = {
  '@fastify/compress': (app) => app.register(compress, { threshold: 0, encodings: ['gzip'] }),
  '@fastify/cookie': (app) => app.register(cookie),
  '@fastify/cors': (app) => app.register(cors, { origin: 'https://shop.example' }),
  '@fastify/etag': (app) => app.register(etag),
  '@fastify/helmet': (app) => app.register(helmet),
};

/** Fastify's middleware: its own plugins, and Express middleware through `@fastify/middie`. */
export const fastifyMiddlewares: readonly string[] = [
  ...Object.keys(plugins),
  'morgan',
  'morgan 1.10.0',
  'response-time',
  'response-time 2.3.3',
  'helmet',
];

/** Express middleware runs before all hooks that are registered later. */
async function mount(app: FastifyInstance, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const register = plugins[name];
    if (register !== undefined) await register(app);
    else for (const middleware of connectAll([name])) app.use(middleware as Handler);
  }
}

/** The last two leave the stream to the handler, as upload routes do. */
async function parse(app: FastifyInstance, { parser, parserKind }: Plan): Promise<void> {
  if (parser === 'nowhere') {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    return;
  }
  if (parserKind === 'form') await app.register(formbody);
  if (parserKind === 'multipart') await app.register(multipart, { attachFieldsToBody: 'keyValues' });
  if (parserKind === 'raw') {
    app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
  }
}

type Guard = FastifyPluginCallback & { tryContext(request: FastifyRequest): unknown };

async function instance(parts: AppParts, guard: Guard | undefined, app: FastifyInstance): Promise<void> {
  const { plan, tools } = parts;
  await app.register(middie);
  if (plan.parser === 'before') await parse(app, plan);
  await mount(app, plan.before);
  if (guard !== undefined) await app.register(guard);
  await mount(app, plan.behind);
  if (plan.parser !== 'before') await parse(app, plan);
  const contextOf = (request: FastifyRequest) => guard?.tryContext(request) as never;
  app.post('/orders', fastifyHandler(kinds[plan.handler] as FastifyKind, { tools, pauses: plan.pauses, contextOf }));
  await app.ready();
}

/** Creates the application. */
export async function fastifyApp(parts: AppParts): Promise<App> {
  const { plan, library, settings } = parts;
  const guard = settings === undefined ? undefined : library.fastify(settings);
  const http1 = createServer();
  const app = Fastify({
    serverFactory: (handler) => http1.on('request', handler as RequestListener),
    forceCloseConnections: true,
  });
  await instance(parts, guard, app);
  const apps: FastifyInstance[] = [app];
  let http2: Http2Server | undefined;
  if ([plan.first, plan.retry].some(({ protocol }) => protocol === 'http/2')) {
    const server = createHttp2Server();
    http2 = server;
    const second = Fastify({
      http2: true,
      serverFactory: (handler) => server.on('request', handler as never),
    }) as unknown as FastifyInstance;
    await instance(parts, guard, second);
    apps.push(second);
  }
  return {
    http1,
    http2,
    async close() {
      await guard?.shutdown(0);
      for (const one of apps) void one.close();
    },
  };
}
