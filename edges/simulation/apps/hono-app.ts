/**
 * Applications on Hono, and Fetch API handlers after Hono's middleware, both served by `@hono/node-server`.
 *
 * @module
 */

import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { logger } from 'hono/logger';
import { poweredBy } from 'hono/powered-by';
import { prettyJSON } from 'hono/pretty-json';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timing } from 'hono/timing';
import { fetchKinds } from '../handlers/fetch-kinds.ts';
import { type FetchKind, runFetchKind } from '../handlers/fetch-order.ts';
import { honoKinds } from '../handlers/hono-kinds.ts';
import type { ParserKind } from '../world/plan.ts';
import type { App, AppParts } from './app.ts';

const middlewares: Readonly<Record<string, () => MiddlewareHandler>> = {
  'hono/body-limit': () => bodyLimit({ maxSize: 100_000 }),
  'hono/compress': () => compress({ threshold: 0 }),
  'hono/cors': () => cors({ origin: 'https://shop.example' }),
  'hono/etag': () => etag(),
  'hono/logger': () => logger(() => {}),
  'hono/powered-by': () => poweredBy(),
  'hono/pretty-json': () => prettyJSON(),
  'hono/request-id': () => requestId({ generator: () => 'request-1' }),
  'hono/secure-headers': () => secureHeaders(),
  'hono/timing': () => timing(),
};

/** Hono's middleware. */
export const honoMiddlewares: readonly string[] = Object.keys(middlewares);

const kinds: Readonly<Record<string, FetchKind<Context>>> = { ...fetchKinds, ...honoKinds };

function mountable(names: readonly string[]): MiddlewareHandler[] {
  return names.map((name) => {
    const make = middlewares[name];
    if (make === undefined) throw new Error(`There is no middleware ${name}.`);
    return make();
  });
}

async function parsed(c: Context, kind: ParserKind): Promise<string> {
  switch (kind) {
    case 'json':
    case 'json, bytes kept':
      return JSON.stringify(await c.req.json());
    case 'form':
    case 'multipart':
      return JSON.stringify(await c.req.parseBody());
    case 'raw':
      return Buffer.from(await c.req.arrayBuffer()).toString();
    case 'text':
      return c.req.text();
  }
}

function served(app: Hono, shutdown: (() => Promise<void>) | undefined): App {
  app.onError((error, c) => c.json({ error: error.message }, 'status' in error ? (error.status as 500) : 500));
  const listener = getRequestListener(app.fetch);
  return {
    http1: createServer((request, response) => void listener(request, response)),
    http2: createHttp2Server((request, response) => void listener(request, response)),
    close: async () => shutdown?.(),
  };
}

/** Creates an application on Hono. */
export async function honoApp({ plan, tools, library, settings }: AppParts): Promise<App> {
  const guard = settings === undefined ? undefined : library.hono(settings);
  const kind = kinds[plan.handler] as FetchKind<Context>;
  const app = new Hono();
  for (const middleware of mountable(plan.before)) app.use(middleware);
  const validator: MiddlewareHandler = async (c, next) => {
    await parsed(c, plan.parserKind);
    await next();
  };
  if (plan.parser === 'before') app.use(validator);
  if (guard !== undefined) app.use('/orders', guard);
  for (const middleware of mountable(plan.behind)) app.use('/orders', middleware);
  if (plan.parser === 'behind') app.use('/orders', validator);
  const read = (c: Context) => (plan.parser === 'nowhere' ? c.req.text() : parsed(c, plan.parserKind));
  app.post('/orders', (c) =>
    runFetchKind(kind, c.req.raw, c, {
      tools,
      pauses: plan.pauses,
      read: () => read(c),
      context: guard?.tryContext(c),
    }),
  );
  return served(app, guard && (() => guard.shutdown(0)));
}

/** Creates an application whose handler only uses the Fetch API. */
export async function fetchApp({ plan, tools, library, settings }: AppParts): Promise<App> {
  const guard = settings === undefined ? undefined : library.fetch(settings);
  const kind = kinds[plan.handler] as FetchKind;
  const handler = (request: Request) =>
    runFetchKind(kind, request, undefined, {
      tools,
      pauses: plan.pauses,
      read: () => request.text(),
      context: guard?.tryContext(request),
    });
  const app = new Hono();
  for (const middleware of mountable([...plan.before, ...plan.behind])) app.use(middleware);
  const guarded = guard === undefined ? handler : guard(handler);
  app.post('/orders', (c) => guarded(c.req.raw));
  return served(app, guard && (() => guard.shutdown(0)));
}
