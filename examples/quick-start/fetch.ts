import { idempotency } from 'latchkey/fetch';
import { sqliteStore } from 'latchkey/sqlite';

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'orders.db' }),
  principal: 'authorization',
  afterFailure: 'rerun',
});

// A Next.js route handler, a Worker's fetch, Bun.serve, Deno.serve: any Request → Response function.
export const POST = guard(async (request, context) => {
  const order = await request.json();

  // One step: its answer is saved under its name, and after a crash the next attempt goes on behind it. It sends a key
  // that is derived from this operation, the same at every attempt, so that the provider charges once even if we ask
  // twice; and it asks again by itself when the connection breaks.
  const charged = await context?.fetch('charge', `${process.env.PROVIDER}/charges`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: order.amount }),
  });
  const charge = (await charged?.json()) as { id: string } | undefined;

  return Response.json({ charge: charge?.id, item: order.item }, { status: 201 });
});
