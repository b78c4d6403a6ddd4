// A Worker with the types of its runtime.

import { idempotency } from 'latchkey/fetch';
import { memoryStore } from 'latchkey/memory';

interface Env {
  readonly SHOP: string;
  readonly ORDERS: KVNamespace;
}

const guard = idempotency({
  store: memoryStore(),
  principal: (request) => request.headers.get('x-account') ?? undefined,
  waitUntil: (work, _request, _env, execution) => (execution as ExecutionContext).waitUntil(work),
});

export default {
  fetch: guard(async (request: Request, env: Env, execution: ExecutionContext) => {
    const attempt: number = guard.context(request).attempt;
    execution.waitUntil(env.ORDERS.put('last', String(attempt)));
    return Response.json({ shop: env.SHOP, attempt });
  }),
} satisfies ExportedHandler<Env>;

export const explicit: ExportedHandler<Env> = {
  fetch: guard.withContext(async (context, request, env: Env) => {
    const { item } = await request.json<{ item: string }>();
    return Response.json({ shop: env.SHOP, item, attempt: context.attempt });
  }),
};
