import { describe, expect, it } from 'vitest';
import { faults } from './faults/catalogue.ts';
import { firstToCatch } from './judge.ts';

describe('the simulation can fail', () => {
  it.each(Object.entries(faults))('detects that %s', async (_, fault) => {
    expect(await firstToCatch(fault, 2_000)).toBeDefined();
  });
});
