import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../median.ts';
import { pacedClaims, percentile } from './measure.ts';
import type { Scaled } from './scaled.ts';

const expiredRows = 1_000_000;
/** The percentile is the median of that of so many stretches, so that a moment's disturbance doesn't decide. */
const stretches = 5;

/** What claims cost before and during a sweep. */
export interface SweepFigures {
  readonly idleP99Us: number;
  readonly sweepingP99Us: number;
  readonly rowsPerSecond: number;
}

async function p99(store: Scaled['store'], seconds: number): Promise<number> {
  const found: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch += 1)
    found.push(percentile(await pacedClaims(store, seconds / stretches), 0.99));
  return median(found);
}

/** The store's own sweeper, at its own pace, on a million rows that expired at once. */
export async function measureSweep(scaled: Scaled, first: number, seconds: number): Promise<SweepFigures | undefined> {
  const { store, count } = scaled;
  if (count === undefined) return undefined;
  const idleP99Us = await p99(store, seconds);
  await scaled.fill(first, first + expiredRows, true);
  const all = await count();
  while ((await count()) === all) await pause(200);
  const before = await count();
  const start = performance.now();
  let claims = 0;
  const counted = {
    claim: (request: Parameters<typeof store.claim>[0]) => {
      claims += 1;
      return store.claim(request);
    },
    complete: store.complete.bind(store),
  };
  const sweepingP99Us = await p99(counted, seconds);
  const rowsPerSecond = (before + claims - (await count())) / ((performance.now() - start) / 1000);
  return { idleP99Us, sweepingP99Us, rowsPerSecond };
}
