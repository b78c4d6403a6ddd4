import { startRedis } from '../../servers/redis-server.ts';
import { steppedClock } from '../../servers/stepped-clock.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import { operator } from '../../stores/redis/time-travel.ts';
import type { Backend } from './backend.ts';
import { runFolder } from './folder.ts';

export async function redisBackend(): Promise<Backend> {
  const [folder, clock] = await Promise.all([runFolder(), steppedClock()]);
  const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'], [], clock.env);
  const proxy = await startTcpProxy(server.port);
  const admin = operator(server.port);
  const { port } = proxy;
  return {
    name: 'redis',
    settings: (worker) => ({ kind: 'redis', client: worker % 2 === 0 ? 'ioredis' : 'node-redis', port }),
    ownClock: true,
    hasTransactions: false,
    proxy,
    restart: async () => {
      await server.kill();
      await server.restart();
    },
    stepClock: clock.step,
    flushScripts: async () => {
      await admin.script('FLUSH');
    },
    effects: async () => [],
    path: folder.path,
    stop: async () => {
      admin.disconnect();
      await proxy.stop();
      await server.stop();
      await clock.remove();
      await folder.remove();
    },
  };
}
