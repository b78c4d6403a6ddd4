import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { poweredBy } from 'hono/powered-by';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/hono.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import { gate } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

const start = (app: Hono) => serve(getRequestListener(app.fetch));

describe('the guard in hono', () => {
  it('gives the context, typed, to the handler', async () => {
    const guard = idempotency(guardOptions().options);
    const app = new Hono().post('/charges', guard, (c) => {
      const attempt: number | undefined = c.get('idempotency')?.attempt;
      return c.json([attempt, c.get('idempotency') === guard.context(c)]);
    });
    expect((await post(await start(app))).json()).toEqual([1, true]);
  });

  it('stores the answer of app.onError', async () => {
    const app = new Hono();
    app.post('/charges', idempotency(guardOptions().options), () => {
      throw new Error('boom');
    });
    app.onError((error, c) => c.json({ said: error.message }, 502));
    const origin = await start(app);
    for (const replayed of [undefined, 'true']) {
      const answer = await post(origin);
      expect([answer.status, answer.json(), answer.header('idempotent-replayed')]).toEqual([
        502,
        { said: 'boom' },
        replayed,
      ]);
    }
  });

  it('removes the headers of an answer that it replaces', async () => {
    const { options, faults } = guardOptions();
    faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const app = new Hono();
    app.use(async (c, next) => {
      c.header('X-Outer', 'kept');
      await next();
    });
    app.post(
      '/charges',
      idempotency({ ...options, response: { whenUnstored: '503' }, timing: { leaseMs: 100 } }),
      (c) => c.text('x', 201, { 'X-Inner': 'gone' }),
    );
    const answer = await post(await start(app));
    expect([answer.status, answer.header('x-outer'), answer.header('x-inner')]).toEqual([503, 'kept', undefined]);
  });

  it('sends the complete answer of finish, although the handler ends after it was sent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-hono-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const store = sqliteStore({ database: join(folder, 'records.db') });
    const cancelled: unknown[] = [];
    const guard = idempotency({ store, principal: () => 'tenant' });
    const app = new Hono();
    app.use(async (c, next) => {
      await next();
      const { body } = c.res;
      if (body !== null) body.cancel = async (reason) => void cancelled.push(reason);
    });
    app.use(guard);
    app.use(async (_c, next) => {
      await next();
      await new Promise((resolve) => setTimeout(resolve, 30));
    });
    app.post('/charges', (c) => guard.context(c).finish(() => ({ status: 201, body: { id: 'ch_1' } })));
    const answer = await app.request('/charges', { method: 'POST', headers: { 'Idempotency-Key': 'k-1' } });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([cancelled, answer.status, await answer.json()]).toEqual([[], 201, { id: 'ch_1' }]);
    await store.close();
  });

  it('sends the answer of finish unchanged, whatever middleware after the guard does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-hono-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const store = sqliteStore({ database: join(folder, 'records.db') });
    const guard = idempotency({ store, principal: () => 'tenant' });
    const app = new Hono();
    const left = gate();
    app.use(async (_c, next) => {
      await next();
      await left.passed;
    });
    app.use('/charges', guard);
    app.use('/charges', async (_c, next) => {
      await next();
      left.open();
    });
    app.use('/charges', compress({ threshold: 0 }), poweredBy());
    app.use('/charges', async (c, next) => {
      await next();
      c.header('X-Behind', 'yes');
      c.res = new Response('another', { status: 202, headers: c.res.headers });
    });
    app.post('/charges', async (c) => {
      const finished = await guard.context(c).finish(() => ({ status: 201, body: { id: 'ch_1' } }));
      await new Promise((resolve) => setImmediate(resolve));
      return finished;
    });
    const origin = await start(app);
    for (const replayed of [undefined, 'true']) {
      const answer = await post(origin, { headers: [['Accept-Encoding', 'gzip']] });
      expect([answer.status, answer.json(), answer.header('idempotent-replayed')]).toEqual([
        201,
        { id: 'ch_1' },
        replayed,
      ]);
      for (const name of ['content-encoding', 'x-powered-by', 'x-behind']) expect(answer.header(name)).toBeUndefined();
    }
    await store.close();
  });

  it('works after another guard', async () => {
    const app = new Hono();
    for (const tenant of ['a', 'b']) app.use(idempotency({ ...guardOptions().options, principal: () => tenant }));
    app.post('/charges', (c) => c.json({ id: 'ch_1' }, 201));
    const origin = await start(app);
    for (let times = 0; times < 2; times += 1) {
      const answer = await post(origin);
      expect([answer.status, answer.json()]).toEqual([201, { id: 'ch_1' }]);
    }
  });

  it('keeps an edge runtime alive by waitUntil until the answer is stored', async () => {
    const { options, faults } = guardOptions();
    const work: Promise<unknown>[] = [];
    const guard = idempotency({ ...options, waitUntil: (promise, c) => c.executionCtx.waitUntil(promise) });
    const app = new Hono().post('/charges', guard, (c) => c.text('x'));
    const execution = {
      waitUntil: (promise: Promise<unknown>) => work.push(promise),
      passThroughOnException: () => {},
    };
    const headers = { 'Idempotency-Key': 'k-1' };
    await app.request('/charges', { method: 'POST', headers }, {}, { ...execution, props: {} });
    await Promise.all(work);
    expect([work.length, faults.calls.get('complete')]).toEqual([1, 1]);
  });

  const readers: Record<string, (c: Context) => Promise<unknown>> = {
    text: (c) => c.req.text(),
    arrayBuffer: (c) => c.req.arrayBuffer(),
    json: (c) => c.req.json(),
  };
  for (const [name, read] of Object.entries(readers)) {
    it(`recognizes a body that was read before it, by ${name}`, async () => {
      const app = new Hono();
      const reader = async (c: Context, next: () => Promise<void>) => {
        await read(c);
        await next();
      };
      app.post('/charges', reader, idempotency(guardOptions().options), async (c) => c.json(await c.req.json()));
      const origin = await start(app);
      expect((await post(origin, { body: '{"amount":1}' })).json()).toEqual({ amount: 1 });
      expect((await post(origin, { body: '{ "amount": 1 }' })).header('idempotent-replayed')).toBe('true');
      expect((await post(origin, { body: '{"amount":2}' })).status).toBe(422);
    });
  }

  it('recognizes a form that was read before it', async () => {
    const app = new Hono();
    const reader = async (c: Context, next: () => Promise<void>) => {
      await c.req.parseBody();
      await next();
    };
    app.post('/charges', reader, idempotency(guardOptions().options), (c) => c.text('x'));
    const origin = await start(app);
    const type = 'application/x-www-form-urlencoded';
    expect((await post(origin, { type, body: 'amount=1' })).status).toBe(200);
    expect((await post(origin, { type, body: 'amount=1' })).header('idempotent-replayed')).toBe('true');
    expect((await post(origin, { type, body: 'amount=2' })).status).toBe(422);
  });

  for (const order of ['before', 'after']) {
    it(`works with compression ${order} it`, async () => {
      const text = 'charge '.repeat(1_000);
      const guard = idempotency(guardOptions().options);
      const app = new Hono();
      if (order === 'before') app.use(compress());
      app.use(guard);
      if (order === 'after') app.use(compress());
      app.post('/charges', (c) => c.text(text));
      const origin = await start(app);
      for (let times = 0; times < 2; times += 1) {
        const coded = await post(origin, { headers: [['Accept-Encoding', 'gzip']] });
        expect(coded.header('content-encoding')).toBe('gzip');
        expect(gunzipSync(coded.body).toString()).toBe(text);
      }
      const plain = await post(origin);
      expect([plain.header('content-encoding'), plain.body.toString()]).toEqual([undefined, text]);
    });
  }
});
