import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/koa.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const replayed = (answer: { header(name: string): string | undefined }) => answer.header('idempotent-replayed');

/** A guard for the application, one with other options for a route, and counters. */
function mounted() {
  const { options, faults } = guardOptions();
  const runs = { pay: 0, other: 0 };
  const app = new Koa();
  app.silent = true;
  const inner = idempotency({ ...options, key: { required: true }, fingerprint: { ignore: ['/sentAt'] } });
  const outer = idempotency(options);
  const router = new Router();
  const read: Middleware = async (ctx, next) => {
    let text = '';
    for await (const chunk of ctx.req) text += chunk;
    ctx.state['text'] = text;
    await next();
  };
  const handler = (name: keyof typeof runs): Middleware => {
    return (ctx) => {
      runs[name] += 1;
      ctx.status = 201;
      ctx.body = { attempt: ctx.state['idempotency']?.attempt };
    };
  };
  const claims = () => faults.calls.get('claim') ?? 0;
  return { app, inner, outer, router, read, handler, runs, claims, options };
}

const sent = (path: string, at: number) => ({
  path,
  body: JSON.stringify({ amount: 1, sentAt: at }),
  headers: [['Content-Type', 'application/json']] as const,
});

describe('guards on the application and on a route in Koa', () => {
  it("claim once, with the route's options", async () => {
    const { app, outer, inner, router, read, handler, runs, claims } = mounted();
    router.post('/pay', inner, read, handler('pay')).post('/:other', handler('other'));
    app.use(outer).use(async (_ctx, next) => next());
    app.use(router.routes()).use(router.allowedMethods());
    const origin = await serve(app.callback());
    expect((await post(origin, sent('/pay', 1))).json()).toEqual({ attempt: 1 });
    expect(claims()).toBe(1);
    // The application's guard would refuse this body.
    expect(replayed(await post(origin, sent('/pay', 2)))).toBe('true');
    expect((await post(origin, { ...sent('/pay', 3), key: undefined })).json()).toMatchObject({ code: 'key-missing' });
    expect(runs).toEqual({ pay: 1, other: 0 });
  });

  it("leave other routes to the application's guard", async () => {
    const { app, outer, inner, router, handler, runs, claims } = mounted();
    router.post('/pay', handler('other')).post('/:any', inner, handler('pay'));
    app.use(outer).use(router.routes());
    const origin = await serve(app.callback());
    expect((await post(origin, sent('/pay', 1))).json()).toEqual({ attempt: 1 });
    expect((await post(origin, sent('/pay', 2))).json()).toMatchObject({ code: 'key-reused' });
    expect([runs, claims()]).toEqual([{ pay: 0, other: 1 }, 2]);
  });

  it.each(['nested routers', 'router.use', 'two applications of the same guard', 'two guards of the application'])(
    'claim once, as %s',
    async (way) => {
      const { app, outer, inner, router, handler, runs, claims } = mounted();
      if (way === 'nested routers') {
        const nested = new Router().post('/pay', inner, handler('pay'));
        router.use('/v1', nested.routes());
        app.use(outer);
      } else if (way === 'router.use') router.use(outer).post('/v1/pay', inner, handler('pay'));
      else if (way === 'two guards of the application') {
        router.post('/v1/pay', handler('pay'));
        app.use(outer).use(inner);
      } else {
        router.post('/v1/pay', inner, handler('pay'));
        app.use(inner);
      }
      app.use(router.routes());
      const origin = await serve(app.callback());
      expect((await post(origin, sent('/v1/pay', 1))).json()).toEqual({ attempt: 1 });
      expect(replayed(await post(origin, sent('/v1/pay', 2)))).toBe('true');
      expect([runs.pay, claims()]).toEqual([1, 2]);
    },
  );

  it('are refused where the first cannot know of the second, and the refusal is not stored', async () => {
    const { app, outer, inner, handler, runs, options } = mounted();
    app.use(outer).use((ctx, next) => inner(ctx, async () => handler('pay')(ctx, next)));
    const origin = await serve(app.callback());
    expect([(await post(origin, sent('/pay', 1))).status, (await post(origin, sent('/pay', 1))).status]).toEqual([
      500, 500,
    ]);
    expect(runs.pay).toBe(0);
    expect((await options.store.list({ state: 'open', limit: 1 })).records).toHaveLength(1);
  });

  it('report a middleware between them that answers the request', async () => {
    const { app, outer, inner, router, handler } = mounted();
    const codes: unknown[] = [];
    const answer = (ctx: Context) => {
      ctx.body = 'carried out';
    };
    app.on('error', ({ code }) => codes.push(code));
    router.post('/pay', inner, handler('pay'));
    app.use(outer).use((ctx, next) => (ctx.get('x-between') === '' ? next() : answer(ctx)));
    app.use(router.routes());
    const origin = await serve(app.callback());
    const headers = [['X-Between', 'yes']] as const;
    expect((await post(origin, { path: '/pay', headers })).status).toBe(500);
    expect((await post(origin, { path: '/pay' })).status).toBe(201);
    expect(codes).toEqual(['guard-mounted-twice']);
  });
});
