import { describe, expect, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { sentinelClients } from './clients.ts';
import { lostOf, startLoad } from './load.ts';
import { withServers } from './with-sentinel.ts';

if (isSelected('redis'))
  describe('a failover', () => {
    for (const [name, connect] of Object.entries(sentinelClients))
      it(`under load keeps the records that the replica had, through ${name}`, () =>
        withServers(1, async (servers) => {
          const { client, end } = await connect(servers);
          const store = redisStore({ client });
          const load = startLoad(store, (number) => `key-${number}`);
          await load.more(200);
          const before = [...load.acknowledged];
          await servers.untilInStep();
          await servers.servers[0]?.kill();
          await load.more(200);
          await load.end();
          expect(await lostOf(store, before)).toEqual([]);
          await end();
        }));
  });
