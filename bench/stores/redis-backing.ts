import { Redis } from 'ioredis';
import { startRedis } from '../../packages/latchkey/test/servers/redis-server.ts';
import { commandsDuring } from '../../packages/latchkey/test/stores/redis/commands-seen.ts';
import type { Backing } from './backing.ts';

/** Redis without persistence, so that no contestant waits for a disk. */
export async function redisBacking(): Promise<Backing> {
  const server = await startRedis(['--maxmemory-policy', 'noeviction']);
  const own = new Redis(server.port);
  return {
    engines: { redisPort: server.port },
    clear: async () => {
      await own.flushall();
    },
    commandsDuring: async (act) => (await commandsDuring(own, act)).length,
    stop: async () => {
      own.disconnect();
      await server.stop();
    },
  };
}
