import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { faults } from './faults/catalogue.ts';
import { firstToCatch, judge } from './judge.ts';
import { printed } from './world/history.ts';

const from = Number(process.env['SIMULATION_SEED'] ?? 1);

/** What the command prints. */
async function play(...args: string[]): Promise<string> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const flags = ['--experimental-strip-types', '--no-warnings'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, main, ...args], { maxBuffer: 2 ** 24 });
  return stdout;
}

describe('the simulation', () => {
  it('keeps every promise in 500 worlds', async () => {
    const broken: string[] = [];
    for (let seed = from; seed < from + 500; seed += 1) {
      const { violations } = await judge(seed);
      for (const { rule, detail } of violations) broken.push(`SIMULATION_SEED=${seed} ${rule}: ${detail}`);
    }
    expect(broken).toEqual([]);
  });

  it('gives identical output for the same seed', async () => {
    for (let seed = from; seed < from + 30; seed += 1) {
      const [first, second] = [await judge(seed), await judge(seed)];
      expect(printed(second.events)).toBe(printed(first.events));
    }
  });
});

describe('the command', () => {
  it('prints the same world in every process', async () => {
    const [first, second] = await Promise.all([play('--seed', '7'), play('--seed', '7')]);
    expect(first.split('\n').length).toBeGreaterThan(50);
    expect(second).toBe(first);
  });

  it('reports what a seed breaks, and exits with a failure', async () => {
    const name = 'a key is looked up without its principal';
    const caught = await firstToCatch(faults[name] ?? {}, 2_000);
    const broken = play('--seed', String(caught?.seed), '--fault', name);
    await expect(broken).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('BROKEN I5') });
  });
});
