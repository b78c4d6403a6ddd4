import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { capture } from '../../scripts/prepare/process.mjs';
import { node24 } from '../../scripts/prepare/root.mjs';
import { entryPoints } from '../src/api.ts';

const scratch = mkdtempSync(join(tmpdir(), 'latchkey-api-'));
afterAll(() => rmSync(scratch, { recursive: true }));

it('has a source for each import path', () => {
  expect(entryPoints().size).toBeGreaterThan(25);
  for (const [name, source] of entryPoints()) expect(existsSync(source), name).toBe(true);
});

it('is not made if a public type is not exported', async () => {
  const program = `
    import { entryPoints, writeApi } from ${JSON.stringify(new URL('../src/api.ts', import.meta.url))};
    await writeApi(${JSON.stringify(scratch)}, [entryPoints().get('latchkey/express')]);
  `;
  const { ok, output } = await capture(node24, ['--input-type=module', '--eval', program], {
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  expect(ok).toBe(false);
  expect(output).toMatch(/GuardOptions, defined in .*, is referenced by .* but not included in the documentation/);
});
