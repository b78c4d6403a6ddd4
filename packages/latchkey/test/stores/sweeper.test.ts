import { describe, expect, it } from 'vitest';
import { sleep } from '../../src/core/runtime.ts';
import { Sweeper } from '../../src/stores/shared/sweeper.ts';
import { manualRuntime } from '../../src/testing/index.ts';

/** Number of a sweeper's calls in ten seconds, if each call takes this long. */
async function callsWith(tookMs: number, swept: number): Promise<number> {
  const runtime = manualRuntime();
  let calls = 0;
  const sweeper = new Sweeper(
    runtime,
    async () => {
      calls += 1;
      await sleep(runtime.timers, tookMs);
      return swept;
    },
    50,
  );
  while (calls === 0) await runtime.advance(10);
  for (let elapsed = 0; elapsed < 10_000; elapsed += 5) await runtime.advance(5);
  sweeper.stop();
  const atStop = calls;
  await runtime.advance(60_000);
  expect(calls).toBe(atStop);
  return calls;
}

describe('a sweeper', () => {
  it('runs soon again while there are many records, and rarely otherwise', async () => {
    expect(await callsWith(1, 50)).toBeGreaterThan(250);
    expect(await callsWith(1, 49)).toBeLessThan(6);
  });

  it('takes no more than a tenth of the time when its steps are slow', async () => {
    const calls = await callsWith(100, 50);
    expect(calls).toBeGreaterThanOrEqual(6);
    expect(calls).toBeLessThanOrEqual(20);
  });
});
