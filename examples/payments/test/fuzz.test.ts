import { expect, it } from 'vitest';
import { runFuzz } from './fuzz/run-fuzz.ts';
import { chooseSeed } from './support/random.ts';

const count = 10_000;
const megabyte = 1024 * 1024;

it(`survives ${count} hostile requests and protects every key`, async () => {
  const seed = chooseSeed();
  const report = await runFuzz(count, seed);
  const { charges, statuses, memoryAfterWarmUp, memoryAtEnd } = report;
  const megabytes = [memoryAfterWarmUp, memoryAtEnd].map((bytes) => Math.round(bytes / megabyte));
  console.log(`${count} requests, ${charges} charges, ${megabytes.join(' MB, then ')} MB, seed ${seed}`, statuses);
  expect(report.faults).toEqual([]);
  expect(charges).toBeGreaterThan(count / 10);
  // There are 6,000 requests between the two, so keeping 11 kB of each would be visible.
  expect(memoryAtEnd - memoryAfterWarmUp).toBeLessThan(64 * megabyte);
});
