import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { claimOf, completionOf } from '../requests.ts';
import { outputOf, spawnChild } from '../sqlite/children/spawn-child.ts';
import { singleClients } from './clients.ts';

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
        const acknowledged: string[] = [];
        let number = 0;
        let over = false;
        const work = async () => {
          while (!over) {
            number += 1;
            const [key, token] = [`${name}-${number}`, crypto.randomUUID()];
            try {
              await store.claim(claimOf(key, token));
              if ((await store.complete(completionOf(key, token, key))) === 'completed') acknowledged.push(key);
            } catch (error) {
              expect(error).toMatchObject({ code: 'store-unavailable' });
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          }
        };
        const working = Array.from({ length: 16 }, work);
        await expect.poll(() => acknowledged.length).toBeGreaterThan(100);
        await server.kill();
        const before = acknowledged.length;
        await server.restart();
        await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 100);
        over = true;
        await Promise.all(working);
        for (const key of acknowledged)
          expect(new TextDecoder().decode((await store.read(key))?.result?.bytes)).toBe(key);
        await end();
      });
  });
