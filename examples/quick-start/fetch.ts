import { idempotency } from 'latchkey/fetch';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'orders.db' }),
  principal: (request) => accountOf(request.headers.get('authorization')), // the id of an account or a tenant
  afterFailure: 'rerun',
});

// The arguments of the framework follow the context. A request without a key gets 400 and places no order.
const order = guard.withContext(async (context, request: Request) => {
  const { item, amount } = await request.json();

  // One step: its answer is saved under its name, and after a crash the next attempt resumes after it. It sends a key
  // derived from this operation, the same at every attempt, so the provider charges once even if it is called twice, and
  // it retries if the connection breaks.
  const charged = await context.fetch('charge', `${process.env.PROVIDER}/charges`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount }),
  });
  if (!charged.ok) return Response.json({ declined: item }, { status: 402 });
  return Response.json({ charge: (await charged.json()).id, item }, { status: 201 });
});

// A Next.js route handler, a Worker's fetch, Bun.serve, Deno.serve: any Request → Response function.
export const POST = async (request: Request) =>
  accountOf(request.headers.get('authorization')) ? order(request) : new Response(null, { status: 401 });
