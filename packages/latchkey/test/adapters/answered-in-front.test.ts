import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { timeout } from 'hono/timeout';
import { describe, expect, it } from 'vitest';
import { idempotency as fetchIdempotency } from '../../src/adapters/fetch.ts';
import { idempotency } from '../../src/adapters/hono.ts';
import type { RouteOptions } from '../../src/http/options.ts';
import { gate, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const slow = () => new HTTPException(504, { message: 'too slow' });

interface Setup {
  readonly route?: RouteOptions<Context>;
  /** Mounts the middleware before the guard. */
  readonly front?: (app: Hono) => void;
  /** Mounts the middleware after the guard. */
  readonly behind?: (app: Hono) => void;
  readonly answer: (c: Context, run: number) => Response | Promise<Response>;
}

/** An application whose first run waits for the test. */
async function application({ route = {}, front, behind, answer }: Setup) {
  const { options } = guardOptions();
  const { passed, open: letGo } = gate();
  const app = new Hono();
  let runs = 0;
  if (front === undefined) app.use(timeout(30, slow));
  front?.(app);
  app.use(idempotency({ ...options, ...route }));
  behind?.(app);
  app.post('/charges', async (c) => {
    runs += 1;
    const run = runs;
    if (run === 1) await passed;
    return answer(c, run);
  });
  app.onError((error, c) => {
    c.header('X-Outer', 'yes');
    return c.text(error.message, error instanceof HTTPException ? error.status : 500);
  });
  const origin = await serve(getRequestListener(app.fetch));
  const settled = () =>
    until(async () => (await options.store.list({ state: 'running', limit: 1 })).records.length === 0);
  return { origin, letGo, settled, runs: () => runs };
}

describe('a timeout before the guard in Hono', () => {
  const made: Record<string, (c: Context) => Response> = {
    'c.json()': (c) => c.json({ id: 'ch_1' }, 201, { 'X-Inner': 'yes' }),
    'a Response of its own': () =>
      Response.json({ id: 'ch_1' }, { status: 201, headers: { 'Content-Type': 'application/json', 'X-Inner': 'yes' } }),
    'c.header() and c.body()': (c) => {
      c.header('X-Inner', 'yes');
      return c.body('{"id":"ch_1"}', 201, { 'Content-Type': 'application/json' });
    },
  };
  for (const [name, answer] of Object.entries(made)) {
    it(`answers the client, and the handler's own answer, by ${name}, is stored later`, async () => {
      const { origin, letGo, settled, runs } = await application({ answer });
      const first = await post(origin);
      expect([first.status, first.body.toString(), first.header('x-outer')]).toEqual([504, 'too slow', 'yes']);
      expect((await post(origin)).json()).toMatchObject({ code: 'in-progress' });
      letGo();
      await settled();
      const retry = await post(origin);
      expect([retry.status, retry.json(), retry.header('idempotent-replayed')]).toEqual([201, { id: 'ch_1' }, 'true']);
      expect([retry.header('x-inner'), retry.header('x-outer')]).toEqual(['yes', undefined]);
      expect(retry.header('content-type')).toBe('application/json');
      expect(runs()).toBe(1);
    });
  }

  it("does not replace the handler's earlier answer that a middleware after the guard still holds", async () => {
    const { passed, open: letGo } = gate();
    const { origin, settled } = await application({
      behind: (app) =>
        app.use(async (c, next) => {
          await next();
          await passed;
          c.header('X-Late', 'yes');
        }),
      answer: (c) => c.json({ id: 'ch_1' }, 201),
      front: (app) => app.use(timeout(60, slow)),
      route: {},
    }).then((app) => {
      app.letGo();
      return app;
    });
    expect((await post(origin)).status).toBe(504);
    letGo();
    await settled();
    const retry = await post(origin);
    expect([retry.status, retry.json()]).toEqual([201, { id: 'ch_1' }]);
    expect([retry.header('x-late'), retry.header('x-outer')]).toEqual(['yes', undefined]);
  });

  it("does not hide the handler's failure, which is stored under refuse instead of the timeout's answer", async () => {
    const { origin, letGo, settled, runs } = await application({
      answer: () => {
        throw new Error('the provider broke');
      },
    });
    expect((await post(origin)).status).toBe(504);
    letGo();
    await settled();
    const retry = await post(origin);
    expect([retry.status, retry.body.toString(), runs()]).toEqual([500, 'the provider broke', 1]);
  });

  it('does not rerun a handler that has succeeded', async () => {
    const { origin, letGo, settled, runs } = await application({
      route: { afterFailure: 'rerun' },
      answer: (c, run) => c.json({ run }, 201),
    });
    expect((await post(origin)).status).toBe(504);
    expect((await post(origin)).json()).toMatchObject({ code: 'in-progress' });
    letGo();
    await settled();
    expect([(await post(origin)).json(), runs()]).toEqual([{ run: 1 }, 1]);
  });

  it('may return its answer instead of throwing', async () => {
    const { origin, letGo, settled } = await application({
      front: (app) =>
        app.use((c, next) =>
          Promise.race([
            next(),
            new Promise<Response>((resolve) => setTimeout(() => resolve(c.text('late', 503)), 30)),
          ]),
        ),
      answer: (c) => c.json({ id: 'ch_1' }, 201),
    });
    expect((await post(origin)).status).toBe(503);
    letGo();
    await settled();
    const retry = await post(origin);
    expect([retry.status, retry.json()]).toEqual([201, { id: 'ch_1' }]);
  });

  it('keeps what other middleware before the guard adds to its answer', async () => {
    const { origin, letGo, settled } = await application({
      front: (app) => {
        app.use(cors({ origin: 'https://shop.example' }));
        app.use(async (c, next) => {
          await next();
          c.header('X-After', 'yes');
          c.res.headers.set('X-Later', 'yes');
        });
        app.use(timeout(30, slow));
      },
      answer: (c) => c.json({ id: 'ch_1' }, 201),
    });
    const headers = [['Origin', 'https://shop.example']] as const;
    const first = await post(origin, { headers });
    expect([first.status, first.header('x-after'), first.header('x-later')]).toEqual([504, 'yes', 'yes']);
    expect(first.header('access-control-allow-origin')).toBe('https://shop.example');
    letGo();
    await settled();
    const retry = await post(origin, { headers });
    expect([retry.status, retry.json(), retry.header('access-control-allow-origin')]).toEqual([
      201,
      { id: 'ch_1' },
      'https://shop.example',
    ]);
  });

  it('that fires while the guard waits for its claim changes nothing', async () => {
    const { options, faults } = guardOptions();
    faults.next('claim', { kind: 'delay', delayMs: 200 });
    const app = new Hono().use(timeout(30, slow)).use(idempotency(options));
    app.post('/charges', (c) => c.json({ id: 'ch_1' }, 201));
    const origin = await serve(getRequestListener(app.fetch));
    expect((await post(origin)).status).toBe(504);
    await until(async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1);
    const retry = await post(origin);
    expect([retry.status, retry.json()]).toEqual([201, { id: 'ch_1' }]);
  });

  it('that does not fire changes nothing', async () => {
    const { origin, letGo } = await application({
      front: (app) => app.use(timeout(60_000, slow)),
      answer: (c) => c.json({ id: 'ch_1' }, 201),
    });
    letGo();
    expect((await post(origin)).status).toBe(201);
    expect((await post(origin)).header('idempotent-replayed')).toBe('true');
  });
});

describe('a timeout after the guard in Hono', () => {
  it("gives the operation's answer: under refuse it is kept, and nothing runs twice", async () => {
    const { origin, letGo, runs } = await application({
      front: () => {},
      behind: (app) => app.use(timeout(30, slow)),
      answer: (c) => c.json({ id: 'ch_1' }, 201),
    });
    const first = await post(origin);
    const retry = await post(origin);
    letGo();
    expect([first.status, retry.status, retry.header('idempotent-replayed'), runs()]).toEqual([504, 504, 'true', 1]);
  });
});

it("a wrapper around a guarded fetch handler answers the client, and the handler's own answer is stored", async () => {
  const { options } = guardOptions();
  const { passed, open: letGo } = gate();
  let runs = 0;
  const handler = fetchIdempotency(options)(async () => {
    runs += 1;
    await passed;
    return Response.json({ id: 'ch_1' }, { status: 201 });
  });
  const late = () =>
    new Promise<Response>((resolve) => setTimeout(() => resolve(new Response('late', { status: 504 })), 30));
  const origin = await serve(getRequestListener((request) => Promise.race([handler(request), late()])));
  expect((await post(origin)).status).toBe(504);
  letGo();
  await until(async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1);
  const retry = await post(origin);
  expect([retry.status, retry.json(), retry.header('idempotent-replayed'), runs]).toEqual([
    201,
    { id: 'ch_1' },
    'true',
    1,
  ]);
});
