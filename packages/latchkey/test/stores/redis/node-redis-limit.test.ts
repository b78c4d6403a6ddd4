import { createClient, type RedisClientOptions } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { operator } from './time-travel.ts';

if (isSelected('redis'))
  describe('how long a command may wait to be sent by node-redis', () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await startRedis();
    });

    beforeEach(async () => {
      const own = operator(server.port);
      await own.flushall();
      own.disconnect();
    });

    afterAll(() => server.stop());

    function clientOf(options: RedisClientOptions) {
      const client = createClient({ socket: { host: '127.0.0.1', port: server.port }, ...options });
      client.on('error', () => {});
      return client;
    }

    async function limitsMade(options: RedisClientOptions): Promise<number> {
      const client = clientOf(options);
      await client.connect();
      const store = redisStore({ client });
      const made = vi.spyOn(AbortSignal, 'timeout');
      expect(await store.claim(claimOf('a', 't'))).toMatchObject({ outcome: 'claimed' });
      expect(await store.complete(completionOf('a', 't'))).toBe('completed');
      const count = made.mock.calls.length;
      made.mockRestore();
      client.destroy();
      return count;
    }

    it('needs no limit while the client sends at once', async () => {
      expect(await limitsMade({})).toBe(0);
    });

    it('is limited if the user sets it', async () => {
      expect(await limitsMade({ commandOptions: { timeout: 10_000 } })).toBeGreaterThan(0);
    });

    it('is limited by the client while it is not connected', async () => {
      const client = clientOf({});
      const made = vi.spyOn(AbortSignal, 'timeout');
      const connecting = client.connect();
      const claim = redisStore({ client }).claim(claimOf('a', 't'));
      expect(made).toHaveBeenCalled();
      made.mockRestore();
      await connecting;
      expect(await claim).toMatchObject({ outcome: 'claimed' });
      client.destroy();
    });
  });
