import { startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { ioredisClient, nodeRedisClient } from './clients.ts';
import { suitesOn } from './suites.ts';

async function start() {
  const server = await startRedis();
  return { ports: [server.port], port: server.port, stop: () => server.stop() };
}

if (isSelected('redis'))
  suitesOn('a single server', start, {
    ioredis: ({ port }) => ioredisClient(port),
    'node-redis': ({ port }) => nodeRedisClient(port),
  });
