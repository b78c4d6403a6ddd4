// A Worker whose guard is created at module scope, as in the README's examples.

import { idempotentFetch } from 'latchkey/client';
import { idempotency } from 'latchkey/fetch';
import { memoryStore } from 'latchkey/memory';

const guard = idempotency({
  store: memoryStore({ allowInProduction: true }), // wrangler builds for production
  principal: (request) => request.headers.get('x-account') ?? undefined,
  afterFailure: 'rerun',
  whenRunning: { waitMs: 10_000 },
  recover: () => ({ decision: 'leave' }), // begins to load the audit
});

/** Also created at module scope; it is not called. */
export const client = idempotentFetch();

let orders = 0;

const sent = async () => new Response('sent');

const order = guard.withContext(async (context, request, env) => {
  const { item } = await request.json();
  orders += 1;
  const number = orders;
  if (item === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  const charge = await context.step('charge', () => number);
  if (item === 'posted') await context.fetch('post', 'http://post.test/parcels', { method: 'POST' }, { fetch: sent });
  if (item === 'broken' && context.attempt === 1) throw new Error('The first attempt fails.');
  return Response.json({ order: number, item, shop: env.SHOP, charge }, { status: 201 });
});

export default { fetch: order };
