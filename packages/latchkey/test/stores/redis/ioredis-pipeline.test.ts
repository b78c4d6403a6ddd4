import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf } from '../requests.ts';

if (isSelected('redis'))
  describe('ioredis commands of one turn of the event loop', () => {
    let server: RedisServer;
    let client: Redis;

    beforeAll(async () => {
      server = await startRedis();
      client = new Redis(server.port, { enableOfflineQueue: false, lazyConnect: true });
      await client.connect();
    });

    afterAll(async () => {
      client.disconnect();
      await server.stop();
    });

    it('are sent in one write, without auto-pipelining', async () => {
      const store = redisStore({ client });
      const write = vi.spyOn(client.stream, 'write');
      const claims = Array.from({ length: 40 }, (_, index) => store.claim(claimOf(`key-${index}`, 't')));
      expect((await Promise.all(claims)).map(({ outcome }) => outcome)).toEqual(Array(40).fill('claimed'));
      expect(write).toHaveBeenCalledTimes(1);
      write.mockRestore();
    });

    it('fail one by one', async () => {
      const store = redisStore({ client, prefix: 'one-by-one:' });
      await client.hset('one-by-one:bad', 'state', 'done');
      const claims = ['good', 'bad', 'other'].map((id) => store.claim(claimOf(id, 't')));
      const [good, bad, other] = await Promise.allSettled(claims);
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'record-unreadable' } });
      for (const one of [good, other])
        expect(one).toMatchObject({ status: 'fulfilled', value: { outcome: 'claimed' } });
    });
  });
