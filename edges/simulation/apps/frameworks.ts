/**
 * The frameworks, with their handlers and middleware.
 *
 * @module
 */

import { expressKinds } from '../handlers/express-kinds.ts';
import { fastifyKinds } from '../handlers/fastify-kinds.ts';
import { fetchKinds } from '../handlers/fetch-kinds.ts';
import { honoKinds } from '../handlers/hono-kinds.ts';
import { nodeKinds } from '../handlers/node-kinds.ts';
import type { App, AppParts } from './app.ts';
import { expressApp } from './express-app.ts';
import { fastifyApp, fastifyMiddlewares } from './fastify-app.ts';
import { fetchApp, honoApp, honoMiddlewares } from './hono-app.ts';
import { connectMiddlewares } from './middlewares.ts';
import { nodeApp } from './node-app.ts';

export const frameworks = ['node:http', 'express 4', 'express 5', 'fastify', 'hono', 'fetch'] as const;

export type Framework = (typeof frameworks)[number];

interface Part {
  readonly handlers: readonly string[];
  readonly middlewares: readonly string[];
  readonly make: (parts: AppParts) => Promise<App>;
}

const express: Part = {
  handlers: [...Object.keys(nodeKinds), ...Object.keys(expressKinds)],
  middlewares: connectMiddlewares,
  make: expressApp,
};

const parts: Readonly<Record<Framework, Part>> = {
  'node:http': { handlers: Object.keys(nodeKinds), middlewares: connectMiddlewares, make: nodeApp },
  'express 4': express,
  'express 5': express,
  fastify: { handlers: Object.keys(fastifyKinds), middlewares: fastifyMiddlewares, make: fastifyApp },
  hono: {
    handlers: [...Object.keys(fetchKinds), ...Object.keys(honoKinds)],
    middlewares: honoMiddlewares,
    make: honoApp,
  },
  fetch: { handlers: Object.keys(fetchKinds), middlewares: honoMiddlewares, make: fetchApp },
};

/** The choices of a framework. */
export function partsOf(framework: Framework): Pick<Part, 'handlers' | 'middlewares'> {
  return parts[framework];
}

/** Creates the application of a plan. */
export function makeApp(given: AppParts): Promise<App> {
  return parts[given.plan.framework].make(given);
}
