import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis, until } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { type Connected, olderClients, singleClients } from './clients.ts';
import { commandsDuring } from './commands-seen.ts';
import { operator } from './time-travel.ts';

if (isSelected('redis'))
  describe.each(Object.entries({ ...singleClients, ...olderClients }))(
    'a store that waits for replicas, through %s,',
    (_name, connect) => {
      let master: RedisServer;
      let replica: RedisServer;
      let own: Redis;
      let connected: Connected;

      beforeAll(async () => {
        const fast = ['--repl-diskless-sync-delay', '0'];
        master = await startRedis(fast);
        replica = await startRedis([...fast, '--replicaof', `127.0.0.1 ${master.port}`]);
        own = operator(master.port);
        connected = await connect(master.port);
      });

      beforeEach(async () => {
        replica.process.kill('SIGCONT');
        await own.flushall();
        await until('the replica to be in step', async () => {
          await own.set('in-step', '1');
          return (await own.wait(1, 200)) === 1;
        });
      });

      afterAll(async () => {
        replica.process.kill('SIGCONT');
        await connected.end();
        own.disconnect();
        await Promise.all([master.stop(), replica.stop()]);
      });

      const store = (timeoutMs = 5_000) =>
        redisStore({ client: connected.client, waitReplicas: { replicas: 1, timeoutMs } });

      it('waits once for all writes in the meantime, and not for a replay', async () => {
        const records = store();
        const ids = Array.from({ length: 50 }, (_, index) => `key-${index}`);
        const claim = () => Promise.all(ids.map((id) => records.claim(claimOf(id, 't'))));
        await records.claim(claimOf('warm-up', 't'));
        const claims = await commandsDuring(own, claim);
        expect(claims.filter((name) => name === 'SET')).toHaveLength(ids.length);
        const waits = claims.filter((name) => name === 'WAIT').length;
        expect(waits).toBeGreaterThan(0);
        expect(waits).toBeLessThan(ids.length / 2);
        await Promise.all(ids.map((id) => records.complete(completionOf(id, 't'))));
        expect(await commandsDuring(own, claim)).not.toContain('WAIT');
      });

      it('gives back a claim that too few replicas have', async () => {
        replica.process.kill('SIGSTOP');
        const refused = await store(50)
          .claim(claimOf('a', 't'))
          .catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: 'store-unavailable' });
        // With retryAfterMs the engine does not retry with the same token.
        expect(Reflect.get(Object(refused), 'retryAfterMs')).toBeGreaterThan(0);
        expect((await store(50).read('a'))?.state).toBe('open');
        replica.process.kill('SIGCONT');
        expect(await store().claim(claimOf('a', 'u'))).toMatchObject({ outcome: 'claimed', attempt: 1 });
      });

      it('leaves a lapsed record lapsed if too few replicas have its takeover', async () => {
        await store().claim(claimOf('a', 't'));
        await store().abandon({ id: 'a', token: 't', unresolvedRetentionMs: 60_000 });
        replica.process.kill('SIGSTOP');
        await expect(store(50).claim(claimOf('a', 'u', { takeover: 'any' }))).rejects.toMatchObject({
          code: 'store-unavailable',
        });
        expect(await store(50).read('a')).toMatchObject({ state: 'lapsed', attempt: 1 });
      });

      it('reports a completion as unstored until the replicas have it', async () => {
        await store().claim(claimOf('a', 't'));
        replica.process.kill('SIGSTOP');
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const failed = await store(50)
            .complete(completionOf('a', 't'))
            .catch((error: unknown) => error);
          expect(failed).toMatchObject({ code: 'store-unavailable', retryAfterMs: undefined });
        }
        replica.process.kill('SIGCONT');
        expect(await store().complete(completionOf('a', 't'))).toBe('completed');
      });

      it('waits again after a reconnection, when a completion is repeated', async () => {
        await store().claim(claimOf('a', 't'));
        await store().complete(completionOf('a', 't'));
        replica.process.kill('SIGSTOP');
        const fresh = await connect(master.port);
        const waiting = redisStore({ client: fresh.client, waitReplicas: { replicas: 1, timeoutMs: 50 } });
        await expect(waiting.complete(completionOf('a', 't'))).rejects.toMatchObject({ code: 'store-unavailable' });
        await fresh.end();
      });
    },
  );
