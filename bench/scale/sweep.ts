import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../median.ts';
import { pacedClaims, percentile } from './measure.ts';
import type { Scaled } from './scaled.ts';

const expiredRows = 1_000_000;
/** Number of alternating stretches of each kind; the result is the median of their percentiles. */
const stretches = 8;

/** The cost of claims without and during a sweep. */
export interface SweepFigures {
  readonly idleP99Us: number;
  readonly sweepingP99Us: number;
  readonly rowsPerSecond: number;
}

async function p99(store: Scaled['store'], seconds: number): Promise<number> {
  return percentile(await pacedClaims(store, seconds / stretches), 0.99);
}

/** Runs the store's own sweeper on a million rows that have expired at once. */
export async function measureSweep(scaled: Scaled, first: number, seconds: number): Promise<SweepFigures | undefined> {
  const { store, countExpired, pauseSweeping } = scaled;
  if (countExpired === undefined || pauseSweeping === undefined) return undefined;
  await scaled.fill(first, first + expiredRows, true);
  while ((await countExpired()) === expiredRows) await pause(200);
  const [idle, sweeping, swept]: [number[], number[], number[]] = [[], [], []];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    pauseSweeping(true);
    idle.push(await p99(store, seconds));
    const before = await countExpired();
    pauseSweeping(false);
    sweeping.push(await p99(store, seconds));
    swept.push((before - (await countExpired())) / (seconds / stretches));
  }
  return { idleP99Us: median(idle), sweepingP99Us: median(sweeping), rowsPerSecond: median(swept) };
}
