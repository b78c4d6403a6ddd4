import { expect, it } from 'vitest';
import { describeSize, measureSizes, sizeLimits } from './measure.ts';

it('is no larger in a bundle than it was', async () => {
  const sizes = await measureSizes();
  for (const [entry, size] of sizes) console.log(describeSize(entry, size, 10));
  const above = [...sizes].filter(
    ([entry, { gzippedBytes }]) => gzippedBytes > 1000 * (sizeLimits[entry]?.ceiling ?? 0),
  );
  expect(above.map(([entry, { gzippedBytes }]) => `${entry}: ${gzippedBytes} bytes`)).toEqual([]);
});
