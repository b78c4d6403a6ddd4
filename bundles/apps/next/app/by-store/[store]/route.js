// POST /by-store/:store places an order under a guard on that store. An order for "crash" ends the process after the
// charge of its first attempt. CHARGES names a file that gets a line per charge; LEASE_MS is the lease.

import { appendFileSync } from 'node:fs';
import { idempotency } from 'latchkey/next';
import { makeStore } from '../../../lib/stores.js';

const handlers = new Map();

async function makeHandler(name) {
  const guard = idempotency({
    store: await makeStore[name](),
    principal: (request) => request.headers.get('x-account') ?? undefined,
    afterFailure: 'rerun',
    timing: { leaseMs: Number(process.env.LEASE_MS ?? 30_000) },
  });
  return guard.withContext(async (context, request, { params }) => {
    const { item } = await request.json();
    await context.step('charge', ({ idempotencyKey }) => appendFileSync(process.env.CHARGES, `${idempotencyKey}\n`));
    if (item === 'crash' && context.attempt === 1) process.kill(process.pid, 'SIGKILL');
    return Response.json({ item, store: (await params).store, attempt: context.attempt }, { status: 201 });
  });
}

export async function POST(request, route) {
  const { store } = await route.params;
  if (!Object.hasOwn(makeStore, store)) return new Response('There is no such store.', { status: 404 });
  if (!handlers.has(store)) handlers.set(store, makeHandler(store));
  const handle = await handlers.get(store);
  return handle(request, route);
}
