import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryWheel, offWheel } from '../../../src/stores/memory/expiry-wheel.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

describe('expiry wheel', () => {
  it('takes off exactly what has expired, whatever was moved before', () => {
    const expiry = fc.integer({ min: 0, max: 20_000 });
    const action = fc.oneof(
      fc.record({ kind: fc.constant('place' as const), at: expiry }),
      fc.record({ kind: fc.constant('move' as const), at: expiry, which: fc.nat() }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('advance' as const), by: fc.integer({ min: 0, max: 5_000 }) }),
    );
    const property = fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const wheel = new ExpiryWheel<{ expiresAtMs: number; slot: number }>();
      const live = new Set<{ expiresAtMs: number; slot: number }>();
      let now = 0;
      for (const step of actions) {
        const chosen = 'which' in step ? [...live][step.which % (live.size || 1)] : undefined;
        if (step.kind === 'place') {
          const item = { expiresAtMs: now + step.at, slot: offWheel };
          live.add(item);
          wheel.place(item, now + step.at / 2);
        } else if (step.kind === 'move' && chosen) {
          chosen.expiresAtMs = now + step.at;
          wheel.place(chosen);
        } else if (step.kind === 'remove' && chosen) {
          live.delete(chosen);
          wheel.remove(chosen);
        } else if (step.kind === 'advance') {
          now += step.by;
          const due = [...live].filter((item) => item.expiresAtMs <= now);
          const taken = new Set<{ expiresAtMs: number; slot: number }>();
          const unbounded = Number.POSITIVE_INFINITY;
          expect(wheel.takeExpired(now, unbounded, unbounded, (item) => taken.add(item))).toBe(due.length);
          expect(taken).toEqual(new Set(due));
          for (const item of due) live.delete(item);
        }
      }
    });
    fc.assert(property, { numRuns: 300, ...seed });
  });

  it('keeps to its limit and its effort', () => {
    const wheel = new ExpiryWheel();
    for (let count = 0; count < 10; count += 1) wheel.place({ expiresAtMs: 1_000, slot: offWheel });
    const ignore = () => {};
    expect(wheel.isDue(1_999)).toBe(false);
    expect(wheel.isDue(2_000)).toBe(true);
    expect(wheel.takeExpired(5_000, 3, 100, ignore)).toBe(3);
    expect(wheel.takeExpired(5_000, 100, 2, ignore)).toBe(2);
    expect(wheel.takeExpired(5_000, 100, 100, ignore)).toBe(5);
    expect(wheel.isDue(5_000)).toBe(false);
  });
});
