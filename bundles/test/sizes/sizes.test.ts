import { beforeAll, expect, it } from 'vitest';
import { describeSize, measureSizes, type Size, sizeLimits } from './measure.ts';

let sizes: ReadonlyMap<string, Size>;

beforeAll(async () => {
  sizes = await measureSizes();
});

it('does not load the client and the audit for a guard that needs neither', () => {
  const parts = sizes.get('latchkey/fetch')?.parts ?? [];
  expect(parts.filter(({ file }) => /^(client|core\/audit)\//.test(file))).toEqual([]);
});

it('stays within its size limit', () => {
  for (const [entry, size] of sizes) console.log(describeSize(entry, size, 10));
  const above = [...sizes].filter(
    ([entry, { gzippedBytes }]) => gzippedBytes > 1000 * (sizeLimits[entry]?.ceiling ?? 0),
  );
  expect(above.map(([entry, { gzippedBytes }]) => `${entry}: ${gzippedBytes} bytes`)).toEqual([]);
});
