import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { faultyStore } from '../../../src/testing/index.ts';
import { type RedisServer, startRedis } from '../../servers/redis-server.ts';
import { isSelected } from '../../servers/selected.ts';
import { type Call, callStore, maxResultBytes } from '../model/calls.ts';
import { commands, type Real } from '../model/commands.ts';
import { Model } from '../model/model.ts';
import { singleClients } from './clients.ts';
import { modelTime } from './model-time.ts';
import { operator } from './time-travel.ts';

/** A failure prints the seed; `SEED=…` runs the same commands again. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const numRuns = 300;
const prefix = 'model:';

if (isSelected('redis'))
  describe('every method in any order, with lost and repeated replies, behaves on Redis like the model', () => {
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
      it(name, async () => {
        const { client, end } = await connect(server.port);
        const makeReal = async (): Promise<Real> => {
          await clock.flushall();
          const time = await modelTime(clock, prefix, redisStore({ client, prefix, maxResultBytes }));
          const { store, faults } = faultyStore(time.store, time.runtime);
          const call = async (made: Call) => {
            if (made.method === 'transaction') throw new TypeError('The Redis store has no transactions.');
            return callStore(store, made);
          };
          return { runtime: time.runtime, faults, call };
        };
        const property = fc.asyncProperty(commands(false), (run) =>
          fc.asyncModelRun(async () => ({ model: new Model(), real: await makeReal() }), run),
        );
        await fc.assert(property, { numRuns, ...seed });
        await end();
      });
  });
