import type { TransactionKind } from '../../../src/core/store.ts';
import { type AdapterSuiteOptions, adapterSuite } from '../../../src/testing/index.ts';
import { startExpress } from './express.ts';
import { startFastify } from './fastify.ts';
import { startFetch } from './fetch.ts';
import { startHono } from './hono.ts';
import { startKoa } from './koa.ts';
import { startLambda } from './lambda.ts';
import { namedRows } from './named-rows.ts';
import { startNest } from './nest.ts';
import { startNode } from './node.ts';
import type { Start } from './suites.ts';

const adapters: Readonly<Record<string, Start>> = {
  node: startNode,
  'express 5': startExpress(5, 'after'),
  'express 4': startExpress(4, 'after'),
  fastify: startFastify,
  fetch: startFetch,
  hono: startHono,
};

/** Runs the suite of every adapter on one store. */
export function onEveryAdapter<Kind extends TransactionKind = never>(
  store: string,
  suite: Omit<AdapterSuiteOptions<Kind>, 'start'>,
): void {
  for (const [adapter, start] of Object.entries(adapters)) {
    suite.describe(`${adapter} × ${store}`, () => adapterSuite<Kind>({ ...suite, start }));
  }
  const some = namedRows(store, suite);
  suite.describe(`koa × ${store}`, () => adapterSuite<Kind>({ ...some, start: startKoa('after') }));
  // Lambda has no answers in several pieces.
  const lambda = { ...some, start: startLambda('http-api'), streams: false };
  suite.describe(`lambda × ${store}`, () => adapterSuite<Kind>(lambda));
  for (const platform of ['express', 'fastify'] as const) {
    const nest = { ...some, start: startNest(platform, true) };
    suite.describe(`nest on ${platform} × ${store}`, () => adapterSuite<Kind>(nest));
  }
}
