/**
 * Applications on Express 4 and 5.
 *
 * @module
 */

import { createServer, type RequestListener } from 'node:http';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { expressLambdas } from '../../test/kit/lambdas.ts';
import { expressKinds } from '../handlers/express-kinds.ts';
import { nodeKinds } from '../handlers/node-kinds.ts';
import { type NodeKind, nodeHandler } from '../handlers/node-order.ts';
import type { ParserKind } from '../world/plan.ts';
import type { App, AppParts } from './app.ts';
import { type Connect, connectAll, load } from './middlewares.ts';

type ExpressModule = typeof import('express') & (() => Express);

const kinds: Readonly<Record<string, NodeKind<Response>>> = { ...nodeKinds, ...expressKinds };

function parserOf(express: ExpressModule, kind: ParserKind): RequestHandler {
  switch (kind) {
    case 'json':
      return express.json();
    case 'json, bytes kept':
      return express.json({ verify: (request, _response, bytes) => void Reflect.set(request, 'rawBody', bytes) });
    case 'text':
      return express.text({ type: () => true });
    case 'raw':
      return express.raw({ type: () => true });
    case 'form':
      return express.urlencoded({ extended: true });
    case 'multipart':
      return load<(options?: object) => { none(): RequestHandler }>('multer')().none();
  }
}

/** As in Express' documentation. */
const onError: ErrorRequestHandler = (error: Error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const status = Number(Reflect.get(error, 'status') ?? 500);
  response.status(status).json({ error: error.message });
};

/** Creates the application. */
export async function expressApp({ plan, tools, library, settings }: AppParts): Promise<App> {
  const express = load<ExpressModule>(plan.framework === 'express 4' ? 'express4' : 'express');
  const app = express();
  // Express prints errors unless it is tested.
  app.set('env', 'test');
  const mount = (middlewares: readonly Connect[]) => middlewares as unknown as RequestHandler[];
  const parser = [parserOf(express, plan.parserKind)];
  const guard = settings === undefined ? undefined : library.express(settings);
  const kind = kinds[plan.handler] as NodeKind<Response>;
  const handler = nodeHandler(kind, {
    tools,
    parsed: plan.parser !== 'nowhere',
    pauses: plan.pauses,
    contextOf: (request: Request) => guard?.tryContext(request),
  });
  for (const middleware of mount(connectAll(plan.before))) app.use(middleware);
  if (plan.parser === 'before') app.use(parser);
  app.post(
    '/orders',
    ...(guard === undefined ? [] : [guard]),
    ...mount(connectAll(plan.behind)),
    ...(plan.parser === 'behind' ? parser : []),
    handler as unknown as RequestHandler,
  );
  app.use(onError);
  const http1 = createServer(app as unknown as RequestListener);
  const lambda = plan.lambda === undefined ? undefined : expressLambdas[plan.lambda]?.(app);
  return { http1, http2: undefined, lambda, close: async () => guard?.shutdown(0) };
}
