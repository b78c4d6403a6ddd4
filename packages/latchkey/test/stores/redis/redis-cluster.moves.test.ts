import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keySlot } from '../../../src/stores/redis/clients/key-slot.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts';
import { isSelected } from '../../servers/selected.ts';
import { clusterClients } from './clients.ts';
import { lostOf, startLoad } from './load.ts';

async function ownerOf(cluster: RedisCluster, slot: number): Promise<number> {
  for (const port of cluster.ports) {
    const reply = await cluster.command(port, 'CLUSTER', 'COUNTKEYSINSLOT', String(slot));
    if (Number(reply) > 0) return port;
  }
  throw new TypeError('The slot is empty.');
}

/** Moves a slot with its keys to another master, like `redis-cli --cluster reshard`. */
async function moveSlot(cluster: RedisCluster, slot: string, from: number, to: number): Promise<void> {
  const idOf = async (port: number) => (await cluster.command(port, 'CLUSTER', 'MYID')).trim();
  const [source, target] = [await idOf(from), await idOf(to)];
  await cluster.command(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
  await cluster.command(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
  for (;;) {
    const keys = (await cluster.command(from, 'CLUSTER', 'GETKEYSINSLOT', slot, '20')).split('\n').filter(Boolean);
    if (keys.length === 0) break;
    await cluster.command(from, 'MIGRATE', '127.0.0.1', String(to), '', '0', '5000', 'KEYS', ...keys);
  }
  await cluster.command(to, 'CLUSTER', 'SETSLOT', slot, 'NODE', target);
  await cluster.command(from, 'CLUSTER', 'SETSLOT', slot, 'NODE', target);
}

if (isSelected('redis'))
  describe('a cluster whose slot moves under load', () => {
    let cluster: RedisCluster;

    beforeAll(async () => {
      cluster = await startRedisCluster();
    });

    afterAll(() => cluster.stop());

    for (const [name, connect] of Object.entries(clusterClients))
      it(`runs every key once and keeps every answer, through ${name}`, async () => {
        const { client, end } = await connect(cluster);
        const store = redisStore({ client, prefix: `${name}:` });
        // The braces put all these keys into one slot.
        const load = startLoad(store, (number) => `{one slot}${number}`);
        await load.more(50);
        const slot = keySlot('{one slot}');
        const from = await ownerOf(cluster, slot);
        const to = cluster.ports.find((port) => port !== from) ?? 0;
        await moveSlot(cluster, String(slot), from, to);
        await load.more(50);
        await load.end();
        expect(await ownerOf(cluster, slot)).toBe(to);
        expect(await lostOf(store, load.acknowledged)).toEqual([]);
        await end();
      });
  });
