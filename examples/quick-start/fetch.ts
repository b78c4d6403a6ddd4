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

  // Saved under its name once it is done: after a crash the next attempt goes on behind it. The key is derived from
  // this operation, the same at every attempt, so that the provider charges once even if we ask twice.
  const charge = await context?.step('charge', async ({ idempotencyKey, signal }) => {
    const response = await fetch(`${process.env.PROVIDER}/charges`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ amount: order.amount }),
      signal,
    });
    return (await response.json()) as { id: string };
  });

  return Response.json({ charge: charge?.id, item: order.item }, { status: 201 });
});
