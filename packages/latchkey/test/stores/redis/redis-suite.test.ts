import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { storeSuite } from '../../../src/testing/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Connected, singleClients } from './clients.ts';
import { advance, operator } from './time-travel.ts';

let stores = 0;

if (isSelected('redis'))
  describe('redis store on a single server', () => {
    let server: RedisServer;
    let clock: Redis;

    beforeAll(async () => {
      server = await startRedis();
      clock = operator(server.port);
    });

    afterAll(async () => {
      clock.disconnect();
      await server.stop();
    });

    for (const [name, connect] of Object.entries(singleClients))
      describe(`through ${name}`, () => {
        let connected: Connected;

        beforeAll(async () => {
          connected = await connect(server.port);
        });

        afterAll(() => connected.end());

        storeSuite({
          describe,
          it,
          capabilities: ['watch'],
          create: ({ maxResultBytes }) => {
            stores += 1;
            const prefix = `suite*[${stores}]:`;
            return {
              store: redisStore({ client: connected.client, prefix, maxResultBytes }),
              advance: (ms) => advance([clock], prefix.replaceAll(/[*[\]]/g, '\\$&'), ms),
            };
          },
        });
      });
  });
