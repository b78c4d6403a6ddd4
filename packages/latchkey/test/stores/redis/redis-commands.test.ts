import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { done, operation, told } from '../../core/engine-rig.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { singleClients } from './clients.ts';
import { commandsDuring } from './commands-seen.ts';
import { singleServer } from './single-server.ts';

const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);

if (isSelected('redis'))
  describe.each(Object.entries(singleClients))('commands of the redis store through %s', (_name, connect) => {
    const redis = singleServer(connect);

    const store = () => redisStore({ client: redis.connected.client });
    const runIn = (engine: Engine, key: string) => engine.run(operation({}, key), async () => done(`answer to ${key}`));

    it('are two for a first request, and one for a replay', async () => {
      const engine = new Engine({ store: store() });
      await runIn(engine, 'warm-up');
      const first = await commandsDuring(redis.own, async () => {
        for (const outcome of await Promise.all(keys.map((key) => runIn(engine, key))))
          expect(told(outcome)).toBe('executed stored');
      });
      expect([...first].sort()).toEqual([...keys.map(() => 'EVALSHA'), ...keys.map(() => 'SET')]);
      const replays = await commandsDuring(redis.own, async () => {
        const outcomes = await Promise.all(keys.map((key) => runIn(engine, key)));
        expect(outcomes.map(told)).toEqual(keys.map((key) => `replay value answer to ${key}`));
      });
      expect(replays).toEqual(Array(keys.length).fill('SET'));
    });

    it('are one for every other method of an owner, and two for a claim that finds a record', async () => {
      const records = store();
      const owner = { id: 'a', token: 't' };
      const times = { leaseMs: 1_000, unresolvedRetentionMs: 1_000, retentionMs: 1_000 };
      await redis.own.script('FLUSH');
      const calls = [
        () => records.claim(claimOf('a', 't')),
        () => records.renew({ ...owner, ...times }),
        () => records.saveStep({ ...owner, name: 'step', value: bytesOf('x') }),
        () => records.read('a'),
        () => records.release({ ...owner, ...times }),
        () => records.claim(claimOf('a', 'u')),
        () => records.abandon({ ...owner, token: 'u', ...times }),
        () => records.resolve({ ...owner, token: 'u', resolution: { decision: 'forget' } }),
      ];
      for (const call of calls) await call();
      const seen: string[] = [];
      for (const call of calls) seen.push((await commandsDuring(redis.own, call)).join(' '));
      const one = 'EVALSHA';
      expect(seen).toEqual(['SET', one, one, one, one, 'SET EVALSHA', one, one]);
    });

    it('continue when the server forgets its scripts', async () => {
      const engine = new Engine({ store: store() });
      const run = Promise.all(keys.map((key) => runIn(engine, key)));
      for (let flush = 0; flush < 20; flush += 1) await redis.own.script('FLUSH');
      expect((await run).map(told)).toEqual(Array(keys.length).fill('executed stored'));
      await redis.own.script('FLUSH');
      expect(await commandsDuring(redis.own, () => runIn(engine, 'one more'))).toEqual(['SET', 'EVALSHA', 'EVAL']);
      expect(await commandsDuring(redis.own, () => runIn(engine, 'another'))).toEqual(['SET', 'EVALSHA']);
      const outcomes = await Promise.all(keys.map((key) => runIn(engine, key)));
      expect(outcomes.map(told)).toEqual(keys.map((key) => `replay value answer to ${key}`));
    });

    // The allocator rounds up: at other sizes the limit can be exceeded by up to a quarter of the value.
    it.each([0, 100, 400, 1_000, 10_000])(
      'leave a completed record of at most its result plus 400 bytes: %i bytes',
      async (length) => {
        const id = 'N'.repeat(43);
        const request = claimOf(id, crypto.randomUUID(), {
          principal: 'P'.repeat(43),
          operation: 'POST /v1/payment_intents/confirm',
          operationId: crypto.randomUUID(),
          fingerprint: `1.${'F'.repeat(43)}`,
        });
        await store().claim(request);
        await store().complete(completionOf(id, request.token, 'x'.repeat(length)));
        expect(await redis.own.memory('USAGE', `latchkey:${id}`)).toBeLessThanOrEqual(length + 400);
      },
    );

    it('keep a running record beyond its lease', async () => {
      await store().claim(claimOf('a', 't', { leaseMs: 5_000, unresolvedRetentionMs: 60_000 }));
      const left = await redis.own.pttl('latchkey:a');
      expect(left).toBeGreaterThan(60_000);
      expect(left).toBeLessThanOrEqual(65_000);
    });

    it('let Redis remove expired records', async () => {
      await store().claim(claimOf('a', 't'));
      await store().complete({ ...completionOf('a', 't'), retentionMs: 50 });
      await expect.poll(() => redis.own.exists('latchkey:a')).toBe(0);
      expect(await store().read('a')).toBeUndefined();
    });
  });
