import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { manualRuntime } from '../../../src/testing/index.ts';
import { claimOf, completionOf } from '../requests.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

describe('sweep of the memory store', () => {
  it('removes every expired record and no other, after any calls', async () => {
    const id = fc.nat({ max: 30 }).map((number) => `id-${number}`);
    const action = fc.oneof(
      fc.record({ kind: fc.constant('complete' as const), id, retentionMs: fc.integer({ min: 1, max: 20_000 }) }),
      fc.record({ kind: fc.constant('advance' as const), byMs: fc.integer({ min: 0, max: 5_000 }) }),
      fc.record({ kind: fc.constant('sweep' as const), limit: fc.integer({ min: 1, max: 5 }) }),
    );
    const property = fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const runtime = manualRuntime();
      const store = memoryStore({ runtime });
      const live = new Map<string, number>();
      let nowMs = 0;
      for (const step of actions) {
        if (step.kind === 'advance') await runtime.advance(step.byMs);
        if (step.kind === 'advance') nowMs += step.byMs;
        if (step.kind === 'sweep') expect(await store.sweep(step.limit)).toBeLessThanOrEqual(step.limit);
        if (step.kind !== 'complete') continue;
        await store.claim(claimOf(step.id, 'a'));
        await store.complete({ ...completionOf(step.id, 'a'), retentionMs: step.retentionMs });
        if ((live.get(step.id) ?? 0) <= nowMs) live.set(step.id, nowMs + step.retentionMs);
      }
      await store.sweep(1_000);
      expect(await store.sweep(1_000)).toBe(0);
      const { records } = await store.list({ state: 'completed', limit: 1_000 });
      const expected = [...live].filter(([, expiresAtMs]) => expiresAtMs > nowMs).map(([name]) => name);
      expect(records.map((record) => record.id).sort()).toEqual(expected.sort());
    });
    await fc.assert(property, { numRuns: 200, ...seed });
  });

  it('leaves at most a third as many expired records as there are live ones', async () => {
    const runtime = manualRuntime();
    const store = memoryStore({ runtime });
    for (let round = 0; round < 1_000; round += 1) {
      await store.claim(claimOf(`id-${round}`, 'a'));
      await store.complete({ ...completionOf(`id-${round}`, 'a'), retentionMs: 300 });
      await runtime.advance(1);
    }
    expect(await store.sweep(1_000)).toBeLessThanOrEqual(100);
  });
});
