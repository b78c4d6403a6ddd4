import { describe, expect, it } from 'vitest';
import { faults } from './faults/catalogue.ts';
import { firstToCatch, judge } from './judge.ts';
import { printed } from './world/history.ts';

const from = Number(process.env['SIMULATION_SEED'] ?? 1);

describe('the simulation', () => {
  it('keeps every promise in 500 worlds', async () => {
    const broken: string[] = [];
    for (let seed = from; seed < from + 500; seed += 1) {
      const { violations } = await judge(seed);
      for (const { rule, detail } of violations) broken.push(`SIMULATION_SEED=${seed} ${rule}: ${detail}`);
    }
    expect(broken).toEqual([]);
  });

  it('plays the same seed to the same byte', async () => {
    for (let seed = from; seed < from + 30; seed += 1) {
      const [first, second] = [await judge(seed), await judge(seed)];
      expect(printed(second.events)).toBe(printed(first.events));
    }
  });
});

describe('the simulation can fail', () => {
  it.each(Object.entries(faults))('it finds that %s', async (_, fault) => {
    expect(await firstToCatch(fault, 2_000)).toBeDefined();
  });
});
