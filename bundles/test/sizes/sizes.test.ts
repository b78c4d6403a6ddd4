import { expect, it } from 'vitest';
import { describeSize, measureSizes, sizeLimits } from './measure.ts';

it('does not load the client and the audit for a guard that needs neither', async () => {
  const parts = (await measureSizes()).get('latchkey/fetch')?.parts ?? [];
  expect(parts.filter(({ file }) => /^(client|core\/audit)\//.test(file))).toEqual([]);
});

it('stays within its size limit', async () => {
  const sizes = await measureSizes();
  for (const [entry, size] of sizes) console.log(describeSize(entry, size, 10));
  const above = [...sizes].filter(
    ([entry, { gzippedBytes }]) => gzippedBytes > 1000 * (sizeLimits[entry]?.ceiling ?? 0),
  );
  expect(above.map(([entry, { gzippedBytes }]) => `${entry}: ${gzippedBytes} bytes`)).toEqual([]);
});
