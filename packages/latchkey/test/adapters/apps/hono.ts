import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { idempotency } from '../../../src/adapters/hono.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp } from '../../../src/testing/index.ts';
import { emptyWith, headerOf, responseOf } from './fetch.ts';
import { listen, tenantOf } from './server.ts';

export function startHono<Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> {
  const guard = idempotency({ ...setup.options, principal: (c) => tenantOf(c.req.header('x-tenant')) });
  const app = new Hono();
  app.use(async (c, next) => {
    const { refuse, late, headers = [] } = setup.outer(headerOf(c.req.raw));
    for (const [name, value] of headers) c.res.headers.set(name, value);
    if (refuse !== undefined) return new Response(null, { status: refuse });
    return late === undefined ? next() : Promise.race([next(), late.then(emptyWith)]);
  });
  app.all('*', guard, async (c) => {
    const body = await c.req.text();
    const context = c.get('idempotency');
    return responseOf(await setup.handler({ method: c.req.method, body, context, header: headerOf(c.req.raw) }));
  });
  return listen(createServer(getRequestListener(app.fetch)));
}
