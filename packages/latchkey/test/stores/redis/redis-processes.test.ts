import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import { singleClients } from './clients.ts';
import { lostOf, startLoad } from './load.ts';

const keys = 1_000;
const duplicates = 8;
const clients = ['ioredis', 'ioredis', 'node-redis', 'node-redis'] as const;

if (isSelected('redis'))
  describe('many processes and a server that dies', () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
    });

    afterAll(() => server.stop());

    it('claim every key exactly once', async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      console.log(`SEED=${seed}`);
      const { href } = new URL('children/claim-keys.ts', import.meta.url);
      const share = String(duplicates / clients.length);
      const children = clients.map((client, index) =>
        spawnChild(href, [String(server.port), client, String(keys), share, String(seed + index)]),
      );
      const outputs = await Promise.all(children.map(outputOf));
      const claimed = outputs.flatMap((output): [string, string][] => JSON.parse(output));
      expect(claimed).toHaveLength(keys);
      expect(new Set(claimed.map(([key]) => key)).size).toBe(keys);
      const { client, end } = await singleClients.ioredis(server.port);
      const store = redisStore({ client });
      for (const [key, token] of claimed)
        expect(new TextDecoder().decode((await store.read(key))?.result?.bytes)).toBe(token);
      await end();
    });

    for (const [name, connect] of Object.entries(singleClients))
      it(`lose no acknowledged answer when the server is killed and started again, through ${name}`, async () => {
        const { client, end } = await connect(server.port);
        const store = redisStore({ client });
        const load = startLoad(store, (number) => `${name}-${number}`);
        await load.more(100);
        await server.kill();
        await server.restart();
        await load.more(100);
        await load.end();
        expect(await lostOf(store, load.acknowledged)).toEqual([]);
        await end();
      });
  });
