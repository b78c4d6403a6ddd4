import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A separate process, since the simulation catches unhandled errors, which vitest would take for its own. */
function play(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

it('finds only allowed differences between guarded and bare applications', async () => {
  const { code, output } = await play('--seeds', '300');
  expect(output).not.toContain('DIFFERS');
  expect(output).toContain('300 seeds from 1: 0 with differences');
  expect(code).toBe(0);
});

it('makes the same application and client from the same seed', async () => {
  const [first, second] = await Promise.all([play('--seed', '7'), play('--seed', '7')]);
  expect(first.output).toContain('"seed": 7');
  expect(planIn(second.output)).toBe(planIn(first.output));
});

function planIn(output: string): string {
  return output.slice(0, output.indexOf('bare, a client'));
}
