import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

    it('answers replays, and refuses new claims with a time to come back', async () => {
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

    it('resolves what lapsed', async () => {
      await fillUp();
      const owner = { id: 'running', token: 't', unresolvedRetentionMs: 60_000 };
      await store().abandon(owner);
      const result = { kind: 'value', bytes: bytesOf('by hand') } as const;
      const resolution = { verdict: 'respond', result, retentionMs: 60_000 } as const;
      expect(await store().resolve({ ...owner, resolution })).toBe(true);
      expect(await store().claim(claimOf('running', 'u'))).toMatchObject({ outcome: 'completed', result });
    });
  });
