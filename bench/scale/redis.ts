import { Redis } from 'ioredis';
import { redisStore } from 'latchkey/redis';
import { startRedis } from '../../packages/latchkey/test/servers/redis-server.ts';
import { idOf, makeRecord, type Scaled, template } from './scaled.ts';

const chunk = 5_000;

export async function scaledRedis(): Promise<Scaled> {
  const server = await startRedis();
  const client = new Redis(server.port, { enableAutoPipelining: true });
  const store = redisStore({ client });
  await makeRecord(store, template);
  const key = (number: number) => `latchkey:${idOf(number)}`;
  const record = await client.getBuffer(key(template));
  const expires = await client.pexpiretime(key(template));
  if (record === null) throw new Error('The template is not there.');
  return {
    store,
    fill: async (from, to) => {
      for (let start = from; start < to; start += chunk) {
        const pipeline = client.pipeline();
        for (let number = start; number < Math.min(start + chunk, to); number += 1)
          pipeline.set(key(number), record, 'PXAT', expires);
        await pipeline.exec();
      }
    },
    stop: async () => {
      await store.close();
      await client.quit();
      await server.stop();
    },
  };
}
