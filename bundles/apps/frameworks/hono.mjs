import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { idempotency } from 'latchkey/hono';
import { listening, options, placeOrder } from './shop.mjs';

const app = new Hono();
app.use(idempotency(await options((context) => context.req.header('x-account'))));
app.post('/orders', async (context) =>
  context.json(await placeOrder(context.get('idempotency'), await context.req.json()), 201),
);

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => listening(port));
