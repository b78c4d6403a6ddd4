import { describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import type { RedisSentinel } from '../../servers/redis-sentinel.ts';
import { until } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { sentinelClients } from './clients.ts';
import { lostOf, startLoad } from './load.ts';
import { operator } from './time-travel.ts';
import { withServers } from './with-sentinel.ts';

function untilTakenOver(servers: RedisSentinel): Promise<void> {
  return until('a failover', async () => (await servers.master()) !== servers.servers[0]?.port, 50_000);
}

if (isSelected('redis'))
  describe('a failover of a store that waits for replicas', () => {
    it('loses nothing that waited for a replica', () =>
      withServers(1, async (servers) => {
        const { client, end } = await sentinelClients.ioredis(servers);
        const waiting = redisStore({ client, waitReplicas: { replicas: 1, timeoutMs: 100 } });
        const load = startLoad(waiting, (number) => `key-${number}`);
        await load.more(200);
        await servers.servers[0]?.kill();
        await untilTakenOver(servers);
        await load.end();
        const store = redisStore({ client });
        await until('an answer', () => store.ping().then(() => true));
        expect(await lostOf(store, load.acknowledged)).toEqual([]);
        await end();
      }));

    it('confirms no write that the new master never had', () =>
      withServers(2, async (servers) => {
        const [master, ...replicas] = servers.servers;
        const { client, end } = await sentinelClients.ioredis(servers);
        const waiting = redisStore({ client, waitReplicas: { replicas: 1, timeoutMs: 20_000 } });
        await waiting.claim(claimOf('a', 't'));
        for (const replica of replicas) replica.process.kill('SIGSTOP');
        const completing = waiting.complete(completionOf('a', 't')).catch((error: unknown) => error);
        const looking = operator(master?.port ?? 0);
        const direct = redisStore({ client: looking });
        await until('the completion', async () => (await direct.read('a'))?.state === 'completed');
        looking.disconnect();
        await master?.kill();
        for (const replica of replicas) replica.process.kill('SIGCONT');
        expect(await completing).toMatchObject({ code: 'store-unavailable' });
        await end();
      }));
  });
