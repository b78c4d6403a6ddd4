import { startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { clientsWithOtherReplies, olderClients, singleClients } from './clients.ts';
import { suitesOn } from './suites.ts';

async function start() {
  const server = await startRedis();
  return { port: server.port, ports: [server.port], stop: () => server.stop() };
}

if (isSelected('redis'))
  suitesOn('a single server', start, {
    ioredis: ({ port }) => singleClients.ioredis(port),
    'node-redis': ({ port }) => singleClients['node-redis'](port),
    ...Object.fromEntries(
      Object.entries({ ...clientsWithOtherReplies, ...olderClients }).map(([name, connect]) => [
        name,
        ({ port }: { port: number }) => connect(port),
      ]),
    ),
  });
