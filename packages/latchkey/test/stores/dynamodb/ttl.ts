import { randomBytes } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { tableDefinition } from '../../../src/stores/dynamodb/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import { type Rig, storeOf } from './rig.ts';

const dayMs = 24 * 3_600_000;

type Items = readonly Record<string, AttributeValue>[];

function numbersOf(items: Items, name: string): number[] {
  return items.filter((item) => item[name] !== undefined).map((item) => Number(item[name]?.N));
}

export function timeToLiveTests(rig: () => Rig): void {
  describe('time-to-live', () => {
    it('is in whole seconds and later than the expiry, after every write', async () => {
      const { store, items, runtime } = await storeOf(rig());
      const owner = { id: 'x', token: 'a' };
      const writes: readonly (() => Promise<unknown>)[] = [
        () => store.claim(claimOf('x', 'a')),
        () => store.renew({ ...owner, leaseMs: 123_456, unresolvedRetentionMs: 30 * dayMs + 1 }),
        () => store.saveStep({ ...owner, name: 'step', value: randomBytes(10) }),
        () => store.abandon({ ...owner, unresolvedRetentionMs: 77_777 }),
        () => store.release({ ...owner, retentionMs: 1 }),
        () => store.claim(claimOf('x', 'b')),
        () => store.complete({ ...completionOf('x', 'b'), retentionMs: 999 }),
      ];
      for (const write of writes) {
        await write();
        const [[ttl = 0], [expires = 0]] = [numbersOf(await items(), 'ttl'), numbersOf(await items(), 'ex')];
        expect(Number.isSafeInteger(ttl)).toBe(true);
        expect(ttl * 1_000).toBeGreaterThan(expires);
        expect(ttl * 1_000).toBeLessThanOrEqual(expires + 3_601_000);
        await runtime.advance(0.5);
      }
    });

    it('keeps running and lapsed records while they are unresolved', async () => {
      const { store, items, runtime } = await storeOf(rig());
      const unresolvedRetentionMs = 30 * dayMs;
      await store.claim(claimOf('x', 'a', { leaseMs: 30_000, unresolvedRetentionMs }));
      const [ttl = 0] = numbersOf(await items(), 'ttl');
      expect(ttl * 1_000).toBeGreaterThanOrEqual(runtime.clock.now() + 30_000 + unresolvedRetentionMs);
    });

    it('does not decide: an expired item that still exists counts as absent', async () => {
      const { store, client, table, items, runtime } = await storeOf(rig());
      await client.updateTimeToLive(tableDefinition({ table }).timeToLive);
      await store.claim(claimOf('x', 'a'));
      await store.complete(completionOf('x', 'a'));
      await runtime.advance(60_000);
      expect(await items()).toHaveLength(1);
      expect(await store.read('x')).toBeUndefined();
      expect(await store.renew({ ...claimOf('x', 'a') })).toBe(false);
      expect(await store.claim(claimOf('x', 'b'))).toMatchObject({ outcome: 'claimed', attempt: 1 });
      expect(await store.complete(completionOf('x', 'a'))).toBe('lost');
    });

    it('of parts is never before that of the record', async () => {
      const { store, items, runtime } = await storeOf(rig());
      await store.claim(claimOf('x', 'a', { policy: 'rerun' }));
      await store.saveStep({ id: 'x', token: 'a', name: 'long', value: randomBytes(20_000) });
      const partsOutlive = async () => {
        const all = await items();
        const isPart = (item: Items[number]) => item['by'] !== undefined;
        const earliest = Math.min(...numbersOf(all.filter(isPart), 'ttl'));
        const [latest = 0] = numbersOf(
          all.filter((item) => !isPart(item)),
          'ttl',
        );
        expect(earliest).toBeGreaterThanOrEqual(latest);
      };
      await partsOutlive();
      await store.release({ id: 'x', token: 'a', retentionMs: 400 * dayMs });
      await partsOutlive();
      await runtime.advance(399 * dayMs);
      const unresolvedRetentionMs = 500 * dayMs;
      expect(await store.claim(claimOf('x', 'b', { unresolvedRetentionMs }))).toMatchObject({ outcome: 'claimed' });
      await partsOutlive();
      expect(await store.renew({ id: 'x', token: 'b', leaseMs: 1_000, unresolvedRetentionMs: 900 * dayMs })).toBe(true);
      await partsOutlive();
      await store.complete({ ...completionOf('x', 'b'), result: { kind: 'value', bytes: randomBytes(50_000) } });
      await partsOutlive();
      expect((await store.read('x'))?.steps.get('long')?.byteLength).toBe(20_000);
    });
  });
}
