import Router from '@koa/router';
import Koa, { type ParameterizedContext } from 'koa';
import { describe, expectTypeOf, it } from 'vitest';
import { type IdempotencyState, idempotency, type KoaGuard } from '../../src/adapters/koa.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import { guardOptions } from './apps/harness.ts';

interface AppState {
  account: string;
}

const { store } = guardOptions().options;

describe('the types of the guard for Koa', () => {
  it("follow the application's state, named at a parameter", () => {
    const guard = idempotency({ store, principal: (ctx: ParameterizedContext<AppState>) => ctx.state.account });
    expectTypeOf(guard).toEqualTypeOf<KoaGuard<AppState>>();
    guard.with({ response: { authorizeReplay: (ctx) => ctx.state.account !== '' } });
    new Koa<AppState>().use(guard).use((ctx) => {
      expectTypeOf(ctx.state.idempotency).toEqualTypeOf<HttpContext | undefined>();
      expectTypeOf(ctx.state.account).toEqualTypeOf<string>();
      ctx.body = guard.context(ctx).attempt;
    });
  });

  it('let a router of the same state mount the guard', () => {
    const guard = idempotency<AppState>({
      store,
      principal: (ctx) => {
        expectTypeOf(ctx.state.account).toEqualTypeOf<string>();
        // @ts-expect-error No such member.
        void ctx.state.acount;
        return ctx.state.account;
      },
    });
    const router = new Router<AppState & IdempotencyState>();
    router.post('/pay', guard, (ctx) => {
      expectTypeOf(ctx.state.idempotency).toEqualTypeOf<HttpContext | undefined>();
      ctx.body = guard.context(ctx).attempt;
    });
    new Koa<AppState>().use(router.routes());
  });

  it('accept an application and a router without types of their own', () => {
    const guard = idempotency({ store, principal: (ctx) => ctx.get('x-account') });
    const router = new Router();
    router.post('/pay', guard, guard.with({ key: { required: true } }), (ctx) => {
      ctx.body = guard.tryContext(ctx)?.attempt;
    });
    new Koa().use(guard).use(router.routes());
  });
});
