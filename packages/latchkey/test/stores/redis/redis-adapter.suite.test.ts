import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { adapterSuite } from '../../../src/testing/index.ts';
import { onEveryAdapter } from '../../adapters/apps/every-adapter.ts';
import { startNode } from '../../adapters/apps/node.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Connected, singleClients } from './clients.ts';

const names = ['ioredis', 'node-redis'] as const;

if (isSelected('redis'))
  describe.each(names)('redis, %s', (name) => {
    let server: RedisServer;
    let connected: Connected;

    beforeAll(async () => {
      server = await startRedis();
      connected = await singleClients[name](server.port);
    });

    afterAll(async () => {
      await connected.end();
      await server.stop();
    });

    const suite = {
      describe: describe.concurrent,
      it: it.concurrent,
      createStore: () => ({ store: redisStore({ client: connected.client, prefix: `${crypto.randomUUID()}:` }) }),
    };
    if (name === 'ioredis') onEveryAdapter('redis', suite);
    else adapterSuite({ ...suite, start: startNode });
  });
