import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { idempotency } from '../../../src/adapters/fetch.ts';
import type { HttpContext } from '../../../src/http/layer.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { type Connected, singleClients } from './clients.ts';
import { operator } from './time-travel.ts';

if (isSelected('redis'))
  describe.each(Object.entries(singleClients))('a server whose memory is full, through %s', (_name, connect) => {
    let server: RedisServer;
    let own: Redis;
    let connected: Connected;

    beforeAll(async () => {
      server = await startRedis(['--maxmemory-policy', 'noeviction']);
      own = operator(server.port);
      connected = await connect(server.port);
    });

    beforeEach(async () => {
      await own.config('SET', 'maxmemory', '0');
      await own.flushall();
    });

    afterAll(async () => {
      await connected.end();
      own.disconnect();
      await server.stop();
    });

    const store = () => redisStore({ client: connected.client });

    async function fillUp(): Promise<void> {
      await store().claim(claimOf('running', 't'));
      await store().claim(claimOf('done', 't'));
      await store().complete(completionOf('done', 't'));
      await own.config('SET', 'maxmemory', '1mb');
    }

    it('answers replays, and refuses new claims with retryAfterMs', async () => {
      await fillUp();
      const refused = await store()
        .claim(claimOf('new', 't'))
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'store-unavailable' });
      expect(Reflect.get(Object(refused), 'retryAfterMs')).toBeGreaterThan(0);
      expect(await store().read('new')).toBeUndefined();
      expect(await store().claim(claimOf('done', 'u'))).toMatchObject({ outcome: 'completed' });
      expect(await store().claim(claimOf('running', 'u'))).toMatchObject({ outcome: 'running' });
    });

    it('keeps the tombstone of a result', async () => {
      await fillUp();
      const completion = { ...completionOf('running', 't', 'x'.repeat(100_000)), notify: true };
      expect(await store().complete(completion)).toBe('tombstoned');
      expect(await store().complete(completion)).toBe('tombstoned');
      const outcome = await store().claim(claimOf('running', 'u'));
      expect(outcome).toMatchObject({ outcome: 'completed', result: { kind: 'tombstone', bytes: bytesOf('gone') } });
      expect(await store().complete(completionOf('done', 't'))).toBe('completed');
    });

    /** A guarded route whose handler runs while the memory fills up. */
    function guardedRoute(work: (context: HttpContext) => Promise<string>) {
      const guarded = store();
      const calls = { complete: vi.spyOn(guarded, 'complete'), saveStep: vi.spyOn(guarded, 'saveStep') };
      let runs = 0;
      const guard = idempotency({ store: guarded, principal: () => 'tenant', log: false });
      const order = guard.withContext(async (context) => {
        runs += 1;
        await own.config('SET', 'maxmemory', '1mb');
        return new Response(await work(context), { status: 201, headers: { location: '/orders/1' } });
      });
      const headers = { 'idempotency-key': 'order-1' };
      const send = () => order(new Request('http://shop.test/orders', { method: 'POST', headers }));
      return { send, calls, runs: () => runs };
    }

    it('lets a guard answer after one try, and gives the retry the tombstone of the answer', async () => {
      const { send, calls, runs } = guardedRoute(async () => 'x'.repeat(100_000));
      const first = await send();
      expect([first.status, first.headers.get('idempotency-status')]).toEqual([201, 'executed']);
      expect(await first.text()).toHaveLength(100_000);
      for (let retry = 0; retry < 2; retry += 1) {
        const answer = await send();
        expect(answer.headers.get('idempotency-status')).toBe('response-not-kept');
        expect(await answer.json()).toMatchObject({ original: { status: 201, location: '/orders/1' } });
      }
      // A wait would be for another try.
      expect(calls.complete.mock.calls.length).toBeLessThanOrEqual(2);
      expect(runs()).toBe(1);
    });

    it('fails a step after one try', async () => {
      const { send, calls } = guardedRoute(async (context) => {
        const saved = context.step('charge', () => 'charged');
        return saved.catch((error: unknown) => String(Reflect.get(Object(error), 'code')));
      });
      expect(await (await send()).text()).toBe('store-unavailable');
      expect(calls.saveStep).toHaveBeenCalledOnce();
    });

    it('lets an owner renew, release and abandon, but save no step', async () => {
      await fillUp();
      const owner = { id: 'running', token: 't', leaseMs: 1_000, unresolvedRetentionMs: 1_000, retentionMs: 1_000 };
      await expect(store().saveStep({ ...owner, name: 'x', value: bytesOf('x') })).rejects.toMatchObject({
        code: 'store-unavailable',
      });
      expect((await store().read('running'))?.steps.size).toBe(0);
      expect(await store().renew(owner)).toBe(true);
      expect(await store().abandon(owner)).toBe(true);
      expect(await store().release(owner)).toBe(true);
      expect(await store().erase('principal')).toBe(2);
    });

    it('resolves lapsed records', async () => {
      await fillUp();
      const owner = { id: 'running', token: 't', unresolvedRetentionMs: 60_000 };
      await store().abandon(owner);
      const result = { kind: 'value', bytes: bytesOf('by hand') } as const;
      const resolution = { decision: 'respond', result, retentionMs: 60_000 } as const;
      expect(await store().resolve({ ...owner, resolution })).toBe(true);
      expect(await store().claim(claimOf('running', 'u'))).toMatchObject({ outcome: 'completed', result });
    });
  });
