import { startRedis } from '../../servers/redis-server.ts';
import { startTcpProxy } from '../../servers/tcp-proxy.ts';
import { age, operator } from '../../stores/redis/time-travel.ts';
import type { Backend } from './backend.ts';
import { runFolder } from './folder.ts';

export async function redisBackend(): Promise<Backend> {
  const [folder, server] = await Promise.all([
    runFolder(),
    startRedis(['--appendonly', 'yes', '--appendfsync', 'always']),
  ]);
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
    stepClock: (ms) => age([admin], '', ms),
    flushScripts: async () => {
      await admin.script('FLUSH');
    },
    effects: async () => [],
    path: folder.path,
    stop: async () => {
      admin.disconnect();
      await proxy.stop();
      await server.stop();
      await folder.remove();
    },
  };
}
