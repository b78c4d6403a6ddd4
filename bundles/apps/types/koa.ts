// A Koa application with a state of its own, and a guard on the application and on a route.

import Router from '@koa/router';
import Koa, { type ParameterizedContext } from 'koa';
import { type IdempotencyState, idempotency } from 'latchkey/koa';
import { memoryStore } from 'latchkey/memory';

interface ShopState {
  account: string;
}

const guard = idempotency({
  store: memoryStore(),
  principal: (ctx: ParameterizedContext<ShopState>) => ctx.state.account,
});

const router = new Router<ShopState & IdempotencyState>();

router.post('/orders', guard.with({ key: { required: true } }), async (ctx) => {
  const attempt: number = guard.context(ctx).attempt;
  const account: string = ctx.state.account;
  ctx.body = { account, attempt, operation: ctx.state.idempotency?.operationId };
});

export const app = new Koa<ShopState>().use(guard).use(router.routes());

// @ts-expect-error: the state has no such member.
idempotency({ store: memoryStore(), principal: (ctx: ParameterizedContext<ShopState>) => ctx.state.acount });
