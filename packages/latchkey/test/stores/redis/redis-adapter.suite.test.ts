import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { adapterSuite } from '../../../src/testing/index.ts';
import { startNode } from '../../adapters/apps/node.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Connected, singleClients } from './clients.ts';

if (isSelected('redis'))
  describe('node on the redis store', () => {
    let server: RedisServer;
    let connected: Connected;

    beforeAll(async () => {
      server = await startRedis();
      connected = await singleClients.ioredis(server.port);
    });

    afterAll(async () => {
      await connected.end();
      await server.stop();
    });

    adapterSuite({
      describe: describe.concurrent,
      it: it.concurrent,
      start: startNode,
      jsonBodies: 'bytes',
      createStore: () => ({ store: redisStore({ client: connected.client, prefix: `${crypto.randomUUID()}:` }) }),
    });
  });
