import { describe, expect, it } from 'vitest';
import type { ClaimRequest } from '../../../src/core/store.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { singleClients } from './clients.ts';
import { commandsDuring } from './commands-seen.ts';
import { singleServer } from './single-server.ts';
import { serverTime } from './time-travel.ts';

const day = 86_400_000;
const longest = 2 ** 42 - 1;

const requests: Readonly<Record<string, Partial<ClaimRequest>>> = {
  'as the engine makes it': { leaseMs: 30_000, unresolvedRetentionMs: 30 * day },
  'that may be rerun': { policy: 'rerun' },
  'with the shortest times': { leaseMs: 100, unresolvedRetentionMs: 1 },
  'with times of seven bits and one more': { leaseMs: 16_383, unresolvedRetentionMs: 16_384 },
  'with the longest times': { leaseMs: 2 ** 31 - 1, unresolvedRetentionMs: longest },
  'with empty texts': { principal: '', operation: '', operationId: '', fingerprint: '' },
  'with texts whose lengths are no ASCII': {
    operation: 'x'.repeat(128),
    principal: 'y'.repeat(255),
    token: 'z'.repeat(256),
  },
  'with texts that are no ASCII': { operation: 'POST /straße/日本/🗝', principal: 'ü' },
  'with a request': { request: new Uint8Array([0, 127, 128, 255]) },
  'with an empty request': { request: new Uint8Array() },
};

if (isSelected('redis'))
  describe.each(Object.entries(singleClients))('a first claim through %s', (_name, connect) => {
    const redis = singleServer(connect);

    const store = () => redisStore({ client: redis.connected.client });

    it.each(Object.entries(requests))('%s keeps all its members and the server’s times', async (_what, part) => {
      const request = claimOf('a', 't', part);
      const before = Math.floor(await serverTime(redis.own));
      expect(await commandsDuring(redis.own, () => store().claim(request))).toEqual(['SET']);
      const after = Math.ceil(await serverTime(redis.own));
      const record = await store().read('a');
      const { token, principal, operation, operationId, fingerprint, policy, leaseMs, unresolvedRetentionMs } = request;
      expect(record).toMatchObject({ token, principal, operation, operationId, fingerprint, policy, attempt: 1 });
      expect(record?.request).toEqual(request.request);
      expect(record?.steps.size).toBe(0);
      expect(record?.createdAtMs).toBeGreaterThanOrEqual(before);
      expect(record?.createdAtMs).toBeLessThanOrEqual(after);
      expect(record?.changedAtMs).toBe(record?.createdAtMs);
      expect(record?.leaseEndsAtMs).toBe(Number(record?.createdAtMs) + leaseMs);
      expect(record?.expiresAtMs).toBe(Number(record?.createdAtMs) + leaseMs + unresolvedRetentionMs);
    });

    it.each([
      ['with a time that it can’t hold', { unresolvedRetentionMs: longest + 1 }],
      ['with texts that are long', { operation: 'x'.repeat(19_999) }],
    ])('%s is left to the script', async (_what, part) => {
      await store().claim(claimOf('a', 't', part));
      expect(await store().read('a')).toMatchObject({ state: 'running', ...('operation' in part && part) });
      const commands = await commandsDuring(redis.own, () => store().claim(claimOf('b', 't', part)));
      expect(commands).toEqual(['EVALSHA']);
    });

    it('keeps its creation through renewals, a step, a release, a second claim and the answer', async () => {
      const owner = { id: 'a', token: 't' };
      const times = { leaseMs: 60_000, unresolvedRetentionMs: day };
      await store().claim(claimOf('a', 't', times));
      const { createdAtMs } = (await store().read('a')) ?? {};
      const created = async () => (await store().read('a'))?.createdAtMs;
      await store().saveStep({ ...owner, name: 'one', value: bytesOf('1') });
      expect(await created()).toBe(createdAtMs);
      await store().renew({ ...owner, ...times, leaseMs: 90_000 });
      expect(await created()).toBe(createdAtMs);
      await store().release({ ...owner, retentionMs: day });
      expect(await created()).toBe(createdAtMs);
      expect(await store().claim(claimOf('a', 'u', times))).toMatchObject({ outcome: 'claimed', attempt: 2 });
      await store().complete(completionOf('a', 'u', 'done'));
      expect(await created()).toBe(createdAtMs);
    });

    it.each(['abandon', 'complete', 'release', 'claim again'])(
      'keeps its creation when %s comes next',
      async (next) => {
        await store().claim(claimOf('a', 't', { leaseMs: 60_000, unresolvedRetentionMs: day }));
        const before = await store().read('a');
        if (next === 'abandon') await store().abandon({ id: 'a', token: 't', unresolvedRetentionMs: day });
        if (next === 'complete') await store().complete(completionOf('a', 't', 'done'));
        if (next === 'release') await store().release({ id: 'a', token: 't', retentionMs: day });
        if (next === 'claim again')
          await store().claim(claimOf('a', 't', { leaseMs: 60_000, unresolvedRetentionMs: day }));
        const after = await store().read('a');
        expect(after?.createdAtMs).toBe(before?.createdAtMs);
        expect(after).toMatchObject({ token: 't', attempt: 1, operation: before?.operation });
      },
    );

    it('lapses with its expiry, and its worker may still complete it', async () => {
      await store().claim(claimOf('a', 't'));
      await redis.own.persist('latchkey:a');
      expect((await store().read('a'))?.state).toBe('lapsed');
      expect(await store().complete(completionOf('a', 't', 'done'))).toBe('completed');
      expect(await redis.own.pttl('latchkey:a')).toBeGreaterThan(0);
    });
  });
