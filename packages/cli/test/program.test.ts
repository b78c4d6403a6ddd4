import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

it('prints its version', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--version']);
  expect(stdout).toBe(`${version}\n`);
});

it('ends with 2 on wrong use', async () => {
  const running = promisify(execFile)(process.execPath, [main, '--frobnicate']);
  await expect(running).rejects.toMatchObject({ code: 2, stderr: "error: unknown option '--frobnicate'\n" });
});
