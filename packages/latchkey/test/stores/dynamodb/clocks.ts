import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Runtime, systemRuntime } from '../../../src/core/runtime.ts';
import { dynamodbStore } from '../../../src/stores/dynamodb/index.ts';
import { claimOf, completionOf } from '../requests.ts';
import type { Rig } from './rig.ts';

/** Maximum wait of others after the end of a lease, in milliseconds. */
const uncertaintyMs = 2_500;

/** A worker whose clocks are wrong by this time. */
function skewed(offsetMs: number): Runtime {
  const { now, monotonic } = systemRuntime.clock;
  return { ...systemRuntime, clock: { now: () => now() + offsetMs, monotonic: () => monotonic() + offsetMs / 7 } };
}

export function clockTests(rig: () => Rig): void {
  describe('workers whose clocks are five minutes apart', () => {
    const workers = async () => {
      const table = await rig().table();
      const clients = [rig().server.client(), rig().server.client()] as const;
      onTestFinished(() => clients.forEach((client) => void client.destroy()));
      const [ahead, behind] = [300_000, -300_000].map(skewed);
      return {
        fast: dynamodbStore({ client: clients[0], table, ...(ahead && { runtime: ahead }) }),
        slow: dynamodbStore({ client: clients[1], table, ...(behind && { runtime: behind }) }),
      };
    };

    it.concurrent.each(['fast', 'slow'] as const)(
      'hold leases neither too short nor too long (the %s one first)',
      async (who) => {
        const { fast, slow } = await workers();
        const [holder, other] = who === 'fast' ? [fast, slow] : [slow, fast];
        const leaseMs = 1_500;
        const from = performance.now();
        await holder.claim(claimOf('x', 'a', { leaseMs, policy: 'rerun' }));
        const claim = () => other.claim(claimOf('x', 'b', { takeover: 'rerun' }));
        let outcome = await claim();
        while (outcome.outcome === 'running') {
          expect(outcome.leaseLeftMs).toBeLessThanOrEqual(leaseMs + uncertaintyMs);
          await pause(20);
          outcome = await claim();
        }
        expect(outcome).toMatchObject({ outcome: 'claimed', attempt: 2, tookOver: true });
        expect(performance.now() - from).toBeGreaterThanOrEqual(leaseMs);
        expect(await holder.complete(completionOf('x', 'a'))).toBe('lost');
      },
    );

    it.concurrent('replay each other’s answers until retention ends', async () => {
      const { fast, slow } = await workers();
      const retentionMs = 1_000;
      for (const [id, first, second] of [['x', fast, slow] as const, ['y', slow, fast] as const]) {
        await first.claim(claimOf(id, 'a'));
        await first.complete({ ...completionOf(id, 'a'), retentionMs });
        const from = performance.now();
        let outcome = await second.claim(claimOf(id, 'b'));
        expect(outcome.outcome).toBe('completed');
        for (; outcome.outcome === 'completed'; outcome = await second.claim(claimOf(id, 'b'))) await pause(20);
        expect(performance.now() - from).toBeGreaterThanOrEqual(retentionMs - 100);
        expect(outcome).toMatchObject({ outcome: 'claimed', attempt: 1 });
      }
    });

    it.concurrent('write the server’s time into the record', async () => {
      const { fast, slow } = await workers();
      for (const [id, store] of Object.entries({ fast, slow })) {
        await store.claim(claimOf(id, 'a'));
        const { createdAtMs = 0, leaseEndsAtMs = 0 } = (await fast.read(id)) ?? {};
        expect(Math.abs(createdAtMs - Date.now())).toBeLessThan(30_000);
        expect(leaseEndsAtMs - createdAtMs).toBeGreaterThanOrEqual(30_000);
        expect(leaseEndsAtMs - createdAtMs).toBeLessThanOrEqual(30_000 + uncertaintyMs);
      }
    });
  });
}
