import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { ClaimRequest } from '../../../src/core/store.ts';
import { redisStore } from '../../../src/stores/redis/index.ts';
import { isSelected } from '../../servers/selected.ts';
import { bytesOf, claimOf, completionOf } from '../requests.ts';
import { singleClients } from './clients.ts';
import { singleServer } from './single-server.ts';

const key = 'latchkey:a';
const times = { leaseMs: 60_000, unresolvedRetentionMs: 86_400_000 };

/** The head before the texts, and the lengths of the texts other than the operation. */
const headLength = 31;
const otherTexts = 5 * 2 + 't'.length + 'f'.length + 'o'.length + 'p'.length;
const ofLength = (length: number): Partial<ClaimRequest> => ({
  fingerprint: 'f',
  operationId: 'o',
  principal: 'p',
  operation: 'x'.repeat(length - headLength - otherTexts),
});

/** Records as written by SET, and whether the short path may complete them. */
const records: Readonly<Record<string, readonly [Partial<ClaimRequest>, boolean]>> = {
  'of a usual claim': [{}, true],
  'that may be rerun': [{ policy: 'rerun' }, true],
  'with the shortest times': [{ leaseMs: 100, unresolvedRetentionMs: 1_000 }, true],
  'with an operation of 127 characters': [{ operation: 'x'.repeat(127) }, true],
  'with an operation of 128 characters': [{ operation: 'x'.repeat(128) }, false],
  'of 16,382 bytes': [ofLength(16_382), false],
  'of 16,383 bytes': [ofLength(16_383), false],
  'of 16,384 bytes': [ofLength(16_384), false],
  'with texts that are no ASCII': [{ operation: 'POST /straße/日本' }, false],
  'with a request': [{ request: bytesOf('asked') }, false],
};

/** Whether a completion took the short path, the only one that calls PTTL. */
async function goesShort(server: Redis, complete: () => Promise<unknown>): Promise<boolean> {
  await server.config('RESETSTAT');
  await complete();
  return (await server.info('commandstats')).includes('cmdstat_pttl:');
}

if (isSelected('redis'))
  describe.each(Object.entries(singleClients))('a completion through %s', (_name, connect) => {
    const redis = singleServer(connect);

    const store = () => redisStore({ client: redis.connected.client });

    it.each(Object.entries(records))('of a first claim’s record is short %s', async (_what, [part, isShort]) => {
      await store().claim(claimOf('a', 't', { ...times, ...part }));
      const before = await store().read('a');
      const completion = { ...completionOf('a', 't', 'done'), retentionMs: 3_600_000 };
      const wentShort = await goesShort(redis.own, async () => {
        expect(await store().complete(completion)).toBe('completed');
      });
      if (isShort) expect(wentShort).toBe(true);
      const after = await store().read('a');
      const { principal, operation, operationId, fingerprint, policy, createdAtMs } = before ?? {};
      expect(after).toMatchObject({ principal, operation, operationId, fingerprint, policy, createdAtMs, attempt: 1 });
      expect(after).toMatchObject({
        state: 'completed',
        token: 't',
        result: { kind: 'value', bytes: bytesOf('done') },
      });
      expect(after?.changedAtMs).toBeGreaterThanOrEqual(Number(createdAtMs));
      expect(Number(after?.expiresAtMs) - Number(after?.changedAtMs)).toBeGreaterThanOrEqual(3_599_990);
      expect(await store().complete(completion)).toBe('completed');
      expect(await store().complete(completionOf('a', 'u'))).toBe('lost');
    });

    it.each(['t'.repeat(127), 't'.repeat(128), 't'.repeat(255), 't'.repeat(256), 'ü'])(
      'is refused with the token %s',
      async (token) => {
        await store().claim(claimOf('a', token, times));
        for (const other of [token.slice(1), token.slice(0, -1), `${token}t`, 'x', ''])
          expect(await store().complete(completionOf('a', other))).toBe('lost');
        expect(await store().complete(completionOf('a', token))).toBe('completed');
      },
    );

    it.each(['renewed', 'given a step', 'claimed again'])(
      'takes the long path once the record was %s',
      async (what) => {
        const owner = { id: 'a', token: 't', ...times };
        await store().claim(claimOf('a', 't', times));
        if (what === 'renewed') await store().renew(owner);
        if (what === 'given a step') await store().saveStep({ ...owner, name: 'one', value: bytesOf('1') });
        if (what === 'claimed again') await store().claim(claimOf('a', 't', times));
        const steps = (await store().read('a'))?.steps;
        const complete = async () => expect(await store().complete(completionOf('a', 't', 'done'))).toBe('completed');
        expect(await goesShort(redis.own, complete)).toBe(false);
        expect((await store().read('a'))?.steps).toEqual(steps);
      },
    );

    it('keeps the tombstone of a long result on the short path too', async () => {
      const small = redisStore({ client: redis.connected.client, maxResultBytes: 10 });
      await small.claim(claimOf('a', 't', times));
      const complete = async () =>
        expect(await small.complete(completionOf('a', 't', 'x'.repeat(11)))).toBe('tombstoned');
      expect(await goesShort(redis.own, complete)).toBe(true);
      expect(await small.complete(completionOf('a', 't', 'x'.repeat(11)))).toBe('tombstoned');
      expect((await small.read('a'))?.result).toEqual({ kind: 'tombstone', bytes: new Uint8Array(bytesOf('gone')) });
    });

    it.each([
      ['cut short', (bytes: Buffer) => bytes.subarray(0, -1)],
      ['cut short in its token', (bytes: Buffer) => bytes.subarray(0, 34)],
      ['longer than it was', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
      [
        'of a newer format',
        (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 2), Buffer.from([3]), bytes.subarray(3)]),
      ],
    ])('refuses a first claim’s record that is %s', async (_what, spoil) => {
      await store().claim(claimOf('a', 'token', times));
      const bytes = await redis.own.getBuffer(key);
      const spoilt = spoil(bytes ?? Buffer.alloc(0));
      await redis.own.set(key, spoilt, 'PX', 60_000);
      await expect(store().complete(completionOf('a', 'token'))).rejects.toMatchObject({ code: 'record-unreadable' });
      expect(await redis.own.getBuffer(key)).toEqual(spoilt);
    });

    it('notifies waiters, and sends no notification without them', async () => {
      const listener = redis.own.duplicate();
      const heard: string[] = [];
      await listener.psubscribe('latchkey:*');
      listener.on('pmessage', (_pattern: string, channel: string) => heard.push(channel));
      for (const [id, notify] of [
        ['quiet', false],
        ['loud', true],
      ] as const) {
        await store().claim(claimOf(id, 't', times));
        await store().complete({ ...completionOf(id, 't'), notify });
      }
      await expect.poll(() => heard).toEqual(['latchkey:loud']);
      listener.disconnect();
    });
  });
