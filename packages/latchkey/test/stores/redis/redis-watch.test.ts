import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisClient, redisStore } from '../../../src/stores/redis/index.ts';
import { startRedisCluster } from '../../servers/redis-cluster.ts';
import { startRedisSentinel } from '../../servers/redis-sentinel.ts';
import { startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { type Connected, clusterClients, sentinelClients, singleClients } from './clients.ts';
import { operator } from './time-travel.ts';

interface Place {
  readonly ports: readonly number[];
  readonly connections: Readonly<Record<string, () => Promise<Connected>>>;
  stop(): Promise<void>;
}

/** Connects each client to the started servers. */
function connectionsTo<S>(
  servers: S,
  clients: Readonly<Record<string, (servers: S) => Promise<Connected>>>,
): Place['connections'] {
  return Object.fromEntries(Object.entries(clients).map(([name, connect]) => [name, () => connect(servers)]));
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  'a single server': async () => {
    const server = await startRedis();
    const connections = connectionsTo(server.port, singleClients);
    return { ports: [server.port], connections, stop: () => server.stop() };
  },
  'a cluster': async () => {
    const cluster = await startRedisCluster();
    return { ...cluster, connections: connectionsTo(cluster, clusterClients) };
  },
  'servers behind Sentinel': async () => {
    const sentinel = await startRedisSentinel();
    return { ...sentinel, ports: [await sentinel.master()], connections: connectionsTo(sentinel, sentinelClients) };
  },
};

async function channels(servers: readonly Redis[]): Promise<readonly unknown[]> {
  const lists = await Promise.all(servers.map((server) => server.pubsub('CHANNELS', 'latchkey:*')));
  return lists.flat();
}

/** Two stores, as in two processes: one is notified of the other's changes. */
async function watchOther(client: RedisClient, other: RedisClient, servers: readonly Redis[]): Promise<void> {
  const [watching, working] = [redisStore({ client }), redisStore({ client: other })];
  expect(await channels(servers)).toEqual([]);
  const owner = { id: 'a', token: 't', retentionMs: 60_000, unresolvedRetentionMs: 60_000 };
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    complete: () => working.complete({ ...completionOf('a', 't'), notify: true }),
    release: () => working.release({ ...owner, notify: true }),
    abandon: () => working.abandon(owner),
    erase: () => working.erase('principal'),
  };
  for (const [name, change] of Object.entries(changes)) {
    await working.claim(claimOf('a', 't'));
    let stop = () => {};
    const told = new Promise<void>((resolve) => {
      stop = watching.watch?.('a', resolve) ?? stop;
    });
    await expect.poll(() => channels(servers)).toEqual(['latchkey:a']);
    await change();
    await told;
    stop();
    await expect.poll(() => channels(servers), { message: name }).toEqual([]);
    await working.erase('principal');
  }
  await watching.close();
}

if (isSelected('redis'))
  describe.each(Object.entries(places))('changes made elsewhere, on %s,', (_name, start) => {
    let place: Place;
    let servers: Redis[];

    beforeAll(async () => {
      place = await start();
      servers = place.ports.map(operator);
    });

    afterAll(async () => {
      for (const server of servers) server.disconnect();
      await place.stop();
    });

    for (const name of ['ioredis', 'node-redis'])
      it(`reach watchers, through ${name}`, async () => {
        const connect = place.connections[name];
        const [one, two] = await Promise.all([connect?.(), connect?.()]);
        if (one === undefined || two === undefined) throw new TypeError(`There is no client ${name}.`);
        await watchOther(one.client, two.client, servers);
        await Promise.all([one.end(), two.end()]);
      });
  });

if (isSelected('redis'))
  describe('a store without watchers', () => {
    it('opens no connection, and one extra for any number of watchers', async () => {
      const server = await startRedis();
      const own = operator(server.port);
      const connections = async () =>
        String(await own.client('LIST'))
          .trim()
          .split('\n').length;
      for (const connect of Object.values(singleClients)) {
        const { client, end } = await connect(server.port);
        const store = redisStore({ client });
        await store.claim(claimOf('a', 't'));
        await store.complete({ ...completionOf('a', 't'), notify: true });
        const before = await connections();
        const stops = ['a', 'b', 'a', 'c'].map((id) => store.watch?.(id, () => {}));
        await expect.poll(() => channels([own])).toHaveLength(3);
        expect(await connections()).toBe(before + 1);
        for (const stop of stops) stop?.();
        await store.close();
        await expect.poll(connections).toBe(before);
        await end();
        await expect.poll(connections).toBe(before - 1);
      }
      own.disconnect();
      await server.stop();
    });
  });
