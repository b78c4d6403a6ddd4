import { gunzipSync } from 'node:zlib';
import compress from '@fastify/compress';
import fastify, { type RouteHandlerMethod } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/fastify.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { envelope, failing, replayed, type Setup, start } from './apps/fastify-sides.ts';
import { guardOptions, post } from './apps/harness.ts';

describe('onSend hooks around the guard in fastify', () => {
  it('stores what reaches the guard, and runs the hooks after it once on each answer', async () => {
    const inner = envelope('inner');
    const outer = envelope('outer');
    const { origin, runs } = await start({ before: inner.setup, behind: outer.setup });
    const first = await post(origin);
    expect(first.json()).toEqual({ outer: 1, data: { inner: 1, data: { charge: 'ch_1' } } });
    for (const time of [2, 3]) {
      const again = await post(origin);
      expect([again.status, replayed(again), again.header('x-inner'), again.header('x-outer')]).toEqual([
        201,
        'true',
        '1',
        String(time),
      ]);
      expect(again.json()).toEqual({ outer: time, data: { inner: 1, data: { charge: 'ch_1' } } });
    }
    expect([runs(), outer.times()]).toEqual([1, 3]);
  });

  it('gives the hooks after it a string on a replay, as on the first answer', async () => {
    const seen: string[] = [];
    const { origin } = await start({
      behind: (app) => app.addHook('onSend', async (_request, _reply, payload) => void seen.push(typeof payload)),
    });
    await post(origin);
    await post(origin);
    expect(seen).toEqual(['string', 'string']);
  });

  it('ignores status and headers of the hooks before it on a replay, except cookies', async () => {
    let requests = 0;
    const before: Setup = (app) =>
      app.addHook('onSend', async (_request, reply) => {
        requests += 1;
        reply.header('set-cookie', `n=${requests}`).header('x-of', requests);
        if (requests > 1) reply.code(299).header('x-late', 'yes');
      });
    const { origin } = await start({ before });
    for (const cookie of ['n=1', 'n=2']) {
      const answer = await post(origin);
      expect([answer.status, answer.header('x-of'), answer.header('x-late')]).toEqual([201, '1', undefined]);
      expect(answer.header('set-cookie')).toBe(cookie);
    }
  });

  it("takes the error of a hook before it for the handler's answer", async () => {
    const { origin, runs } = await start({ before: failing(1) });
    for (const mark of [undefined, 'true']) {
      const answer = await post(origin);
      expect([answer.status, answer.json(), replayed(answer)]).toMatchObject([500, { message: 'no 1' }, mark]);
    }
    expect(runs()).toBe(1);
  });

  it('stores the error that Fastify writes without hooks when one before the guard always fails', async () => {
    const { origin, runs } = await start({ before: failing(1, 2, 3, 4, 5, 6) });
    const first = await post(origin);
    expect([first.status, first.header('idempotency-status')]).toEqual([500, 'executed']);
    await post(origin);
    expect(runs()).toBe(1);
  });

  it('replays although a hook before it fails', async () => {
    const { origin } = await start({ before: failing(2) });
    const first = await post(origin);
    const again = await post(origin);
    expect([again.status, again.body.toString(), replayed(again)]).toEqual([201, first.body.toString(), 'true']);
  });

  it('keeps the stored answer when a hook after it fails, and replays it to the retry', async () => {
    const { store, faults } = faultyStore(memoryStore());
    const { origin, runs } = await start({ behind: failing(1, 4), options: { store } });
    for (const expected of [500, 201, 500, 201]) {
      const answer = await post(origin);
      expect(answer.status).toBe(expected);
      const isStored = expected === 201;
      expect([replayed(answer), answer.header('idempotency-status')]).toEqual(
        isStored ? ['true', 'replayed'] : [undefined, undefined],
      );
    }
    expect([runs(), faults.calls.get('complete')]).toEqual([1, 1]);
  });

  it('answers an error for a malformed header of a hook after it, and replays the stored answer to the retry', async () => {
    let count = 0;
    const behind: Setup = (app) =>
      app.addHook('onSend', async (_request, reply) => {
        count += 1;
        if (count === 1) reply.header('x-name', 'łódź');
        else reply.removeHeader('x-name');
      });
    const { origin, runs } = await start({ behind });
    expect((await post(origin)).status).toBe(500);
    const retry = await post(origin);
    expect([retry.status, replayed(retry), runs()]).toEqual([201, 'true', 1]);
  });

  it('works with hooks of the route and of an instance below', async () => {
    const app = fastify();
    onTestFinished(() => app.close());
    const wrap = (name: string) => async (_request: unknown, _reply: unknown, payload: unknown) =>
      `${name}(${payload})`;
    app.addHook('onSend', wrap('parent'));
    app.register((child, _options, done) => {
      child.register(idempotency(guardOptions().options));
      child.register((grandchild, _none, ready) => {
        grandchild.addHook('onSend', wrap('below'));
        grandchild.post('/charges', { onSend: wrap('route') }, async () => 'x');
        ready();
      });
      done();
    });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const first = await post(origin);
    const again = await post(origin);
    expect([first.body.toString(), again.body.toString(), replayed(again)]).toEqual([
      'route(below(parent(x)))',
      'route(below(parent(x)))',
      'true',
    ]);
  });

  for (const side of ['before', 'behind'] as const) {
    it(`stores uncompressed bytes if @fastify/compress is ${side} it`, async () => {
      const { store } = faultyStore(memoryStore());
      const text = 'charge '.repeat(500);
      const setup: Setup = (app) => app.register(compress, { threshold: 0, encodings: ['gzip'] });
      const handler: RouteHandlerMethod = (_request, reply) => reply.type('text/plain').send(text);
      const { origin } = await start({ [side]: setup, options: { store }, handler });
      const gzip = { headers: [['Accept-Encoding', 'gzip']] as const };
      for (const mark of [undefined, 'true']) {
        const coded = await post(origin, gzip);
        expect([coded.header('content-encoding'), replayed(coded)]).toEqual(['gzip', mark]);
        expect(gunzipSync(coded.body).toString()).toBe(text);
      }
      const plain = await post(origin);
      expect([plain.header('content-encoding'), plain.body.toString()]).toEqual([undefined, text]);
      const { records } = await store.list({ state: 'completed', limit: 1 });
      const { result } = (await store.read(records[0]?.id as string)) ?? {};
      expect(Buffer.from(result?.bytes ?? []).includes(text)).toBe(true);
    });
  }
});
