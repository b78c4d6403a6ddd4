import { type Context, Hono } from 'hono';
import { describe, expectTypeOf, it } from 'vitest';
import { type HonoGuard, idempotency } from '../../src/adapters/hono.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import { guardOptions } from './apps/harness.ts';

interface AppEnv {
  Bindings: { PROVIDER: string };
  Variables: { account: string };
}

const { store } = guardOptions().options;

describe('the types of the guard for Hono', () => {
  it('let the principal function read what authentication has set', () => {
    const guard = idempotency({ store, principal: (c) => c.get('account') });
    new Hono<AppEnv>().post('/charges', guard, (c) => {
      expectTypeOf(c.get('account')).toEqualTypeOf<string>();
      expectTypeOf(c.get('idempotency')).toEqualTypeOf<HttpContext<never, Response> | undefined>();
      return c.json(guard.context(c).attempt);
    });
  });

  it("follow the application's Env, given as an argument", () => {
    const guard = idempotency<AppEnv>({
      store,
      principal: (c) => {
        expectTypeOf(c.get('account')).toEqualTypeOf<string>();
        // @ts-expect-error No such variable.
        c.get('acount');
        return c.get('account');
      },
    });
    expectTypeOf(guard).toEqualTypeOf<HonoGuard<AppEnv>>();
  });

  it("follow the application's Env, named at a parameter", () => {
    const guard = idempotency({ store, principal: (c: Context<AppEnv>) => c.get('account') });
    expectTypeOf(guard).toEqualTypeOf<HonoGuard<AppEnv>>();
    guard.with({ response: { authorizeReplay: (c) => c.env.PROVIDER !== '' } });
    new Hono<AppEnv>().use(guard).post('/charges', guard, (c) => c.json(c.get('idempotency')?.attempt ?? 0));
  });

  it('keep the context typed where no Env is named', () => {
    const guard = idempotency({ store, principal: () => 'tenant' });
    new Hono().post('/charges', guard, (c) => {
      expectTypeOf(c.get('idempotency')).toEqualTypeOf<HttpContext<never, Response> | undefined>();
      return c.body(null);
    });
  });
});
