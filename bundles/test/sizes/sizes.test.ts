import { expect, it } from 'vitest';
import { describeSize, measureSizes, sizeLimits } from './measure.ts';

it('loads the client and the audit with no guard that needs neither', async () => {
  const parts = (await measureSizes()).get('latchkey/fetch')?.parts ?? [];
  expect(parts.filter(({ file }) => /^(client|core\/audit)\//.test(file))).toEqual([]);
});

it('is no larger in a bundle than it was', async () => {
  const sizes = await measureSizes();
  for (const [entry, size] of sizes) console.log(describeSize(entry, size, 10));
  const above = [...sizes].filter(
    ([entry, { gzippedBytes }]) => gzippedBytes > 1000 * (sizeLimits[entry]?.ceiling ?? 0),
  );
  expect(above.map(([entry, { gzippedBytes }]) => `${entry}: ${gzippedBytes} bytes`)).toEqual([]);
});
