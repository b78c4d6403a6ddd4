// A `Request` → `Response` function on the server of the present runtime.

import { idempotency } from 'latchkey/fetch';
import { listening, options, placeOrder } from './shop.mjs';

const guard = idempotency(await options((request) => request.headers.get('x-account') ?? undefined));

const handler = guard.withContext(async (context, request) =>
  Response.json(await placeOrder(context, await request.json()), { status: 201 }),
);

if (globalThis.Bun) {
  listening(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handler }).port);
} else if (globalThis.Deno) {
  Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => listening(port) }, handler);
} else {
  const { serve } = await import('@hono/node-server');
  serve({ fetch: handler, hostname: '127.0.0.1', port: 0 }, ({ port }) => listening(port));
}
