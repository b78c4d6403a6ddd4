import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { done, engineRig, operation } from './engine-rig.ts';

const names = Array.from({ length: 10 }, (_, index) => `step ${index}`);

/** The store calls of one operation. */
async function callsOf(body: (context: Context) => Promise<unknown>, settings = {}): Promise<Record<string, number>> {
  const { worker, faults } = engineRig();
  await worker().run(operation(settings), async (context) => body(context).then(() => done('x')));
  return Object.fromEntries(faults.calls);
}

describe('the store calls of an operation', () => {
  it('is one call to claim and one to complete', async () => {
    expect(await callsOf(async () => {})).toEqual({ claim: 1, complete: 1 });
  });

  it('and one more for each step', async () => {
    const inTurn = async (context: Context) => {
      for (const name of names) await context.step(name, () => name);
    };
    expect(await callsOf(inTurn)).toEqual({ claim: 1, saveStep: 10, complete: 1 });
  });

  it('concurrent steps are all sent to the store before the first one is saved', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.next('saveStep', { kind: 'delay', delayMs: 100 }, 10);
    const run = worker().run(operation(), async (context) => {
      await Promise.all(names.map((name) => context.step(name, () => name)));
      return done('x');
    });
    await runtime.advance(0);
    expect(faults.calls.get('saveStep')).toBe(10);
    await runtime.advance(100);
    expect(await run).toMatchObject({ recorded: 'stored' });
  });

  it('a marked start is one call more', async () => {
    const one = (context: Context) => context.step('charge', () => 1);
    expect(await callsOf(one, { markStepStarts: true })).toEqual({ claim: 1, saveStep: 2, complete: 1 });
  });
});
