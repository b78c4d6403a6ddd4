import { expect, it } from 'vitest';
import { describeCrashes, runCrashes } from './crash/crashes.ts';
import { chooseSeed } from './support/random.ts';

it('charges once and keeps its answers through 20 kills', async () => {
  const options = { kills: 20, seed: chooseSeed() };
  const report = await runCrashes(options);
  console.log(describeCrashes(options, report));
  expect(report.violations).toEqual([]);
  expect(report.struck).toBeGreaterThan(0);
  expect(report.retried).toBeGreaterThan(0);
});
