import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisClient, redisStore } from '../../../src/stores/redis/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Connected, clientsWithOtherReplies, clusterClients, singleClients } from './clients.ts';
import { operator } from './time-travel.ts';

type Options = Parameters<ReturnType<typeof redisStore>['doctor']>[0];

async function codes(client: RedisClient, options?: Options): Promise<string[]> {
  const findings = await redisStore({ client }).doctor(options);
  return findings.map(({ code }) => code);
}

if (isSelected('redis'))
  describe.each(Object.entries({ ...singleClients, ...clientsWithOtherReplies }))(
    'the doctor, through %s,',
    (_name, connect) => {
      let server: RedisServer;
      let own: Redis;
      let connected: Connected;

      beforeAll(async () => {
        server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec']);
        own = operator(server.port);
        connected = await connect(server.port);
      });

      afterAll(async () => {
        await connected.end();
        own.disconnect();
        await server.stop();
      });

      it('finds nothing wrong with a server that keeps records', async () => {
        expect(await redisStore({ client: connected.client }).doctor()).toEqual([]);
      });

      it('finds a policy that may drop records', async () => {
        for (const policy of ['allkeys-lru', 'volatile-ttl']) {
          await own.config('SET', 'maxmemory-policy', policy);
          const [finding] = await redisStore({ client: connected.client }).doctor();
          expect(finding).toMatchObject({ code: 'eviction-policy', server: `127.0.0.1:${server.port}` });
          expect(finding?.message).toContain(policy);
        }
        await own.config('SET', 'maxmemory-policy', 'noeviction');
      });

      it('finds a weaker appendfsync than was asked for', async () => {
        expect(await codes(connected.client, { appendfsync: 'always' })).toEqual(['appendfsync-weak']);
        await own.config('SET', 'appendfsync', 'no');
        expect(await codes(connected.client)).toEqual(['appendfsync-weak']);
        await own.config('SET', 'appendfsync', 'always');
        expect(await codes(connected.client, { appendfsync: 'always' })).toEqual([]);
      });

      it('finds that there is no append-only file', async () => {
        await own.config('SET', 'appendonly', 'no');
        expect(await codes(connected.client)).toEqual(['append-only-off']);
        await own.config('SET', 'appendonly', 'yes');
      });

      it('finds clocks that differ in either direction', async () => {
        for (const startMs of [Date.now() - 300_000, Date.now() + 300_000]) {
          const store = redisStore({ client: connected.client, runtime: manualRuntime(1, startMs) });
          expect((await store.doctor()).map(({ code }) => code)).toEqual(['clock-offset']);
          expect(await store.doctor({ maxClockOffsetMs: 400_000 })).toEqual([]);
        }
      });

      it('reports that it has no access', async () => {
        await own.call('ACL', 'SETUSER', 'default', '-config');
        expect(await codes(connected.client)).toEqual(['settings-hidden']);
        await own.call('ACL', 'SETUSER', 'default', '+config');
      });
    },
  );

if (isSelected('redis'))
  describe('the doctor', () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await startRedis(['--appendonly', 'yes']);
    });

    afterAll(() => server.stop());

    it('finds a client with an offline queue', async () => {
      const ioredis = new Redis({ port: server.port });
      const nodeRedis = createClient({ socket: { port: server.port } });
      await nodeRedis.connect();
      for (const client of [ioredis, nodeRedis]) expect(await codes(client)).toEqual(['offline-queue-on']);
      ioredis.disconnect();
      nodeRedis.destroy();
    });

    it('fails as unavailable when the server is gone', async () => {
      const { client, end } = await singleClients.ioredis(server.port);
      await server.kill();
      await expect(redisStore({ client }).doctor()).rejects.toMatchObject({ code: 'store-unavailable' });
      await end();
    });
  });

if (isSelected('redis'))
  describe.each(Object.entries(clusterClients))('the doctor of a cluster, through %s,', (_name, connect) => {
    let cluster: RedisCluster;

    beforeAll(async () => {
      cluster = await startRedisCluster();
    });

    afterAll(() => cluster.stop());

    it('examines every master', async () => {
      const { client, end } = await connect(cluster);
      const findings = await redisStore({ client }).doctor();
      expect(findings.map(({ code }) => code)).toEqual(Array(3).fill('append-only-off'));
      const servers = cluster.ports.map((port) => `127.0.0.1:${port}`);
      expect(findings.map(({ server }) => server).sort()).toEqual(servers.sort());
      await end();
    });
  });
