import type { TransactionKind } from '../../../src/core/store.ts';
import { type AdapterSuiteOptions, adapterSuite } from '../../../src/testing/index.ts';
import { startExpress } from './express.ts';
import { startFastify } from './fastify.ts';
import { startFetch } from './fetch.ts';
import { startHono } from './hono.ts';
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
}
