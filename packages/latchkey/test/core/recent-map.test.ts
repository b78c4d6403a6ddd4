import { expect, it } from 'vitest';
import { RecentMap } from '../../src/core/support/recent-map.ts';

it('keeps recently used entries and drops the others', () => {
  const map = new RecentMap<number>(10);
  map.set('asked for', -1);
  for (let key = 0; key < 100; key += 1) {
    map.set(String(key), key);
    expect(map.get('asked for')).toBe(-1);
  }
  const kept = Array.from({ length: 100 }, (_, key) => map.get(String(key))).filter((value) => value !== undefined);
  expect(kept).toContain(99);
  expect(kept.length).toBeLessThanOrEqual(20);
});
