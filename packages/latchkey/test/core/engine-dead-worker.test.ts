import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { stepProgress } from '../../src/core/steps/saved-step.ts';
import { done, engineRig, operation, runResult, told } from './engine-rig.ts';

const rerun = { afterFailure: 'rerun' } as const;

/** Makes a record whose worker died, perhaps during a step, and whose next attempt failed before that step. */
async function failAfterTakeover() {
  const rig = engineRig();
  const dies = () => {
    throw new Error('on command');
  };
  await rig
    .worker()
    .run(operation(rerun), dies)
    .catch(() => undefined);
  const failed = await rig.worker().run(operation(rerun), async () => runResult('failed', 'no'));
  return { ...rig, failed: told(failed) };
}

describe('a dead worker and a failed attempt after it', () => {
  it('make the next attempt treat each step as possibly begun', async () => {
    const { worker, memory, failed } = await failAfterTakeover();
    expect(failed).toBe('executed released');
    const doubts: boolean[] = [];
    const charge = async (context: Context) => {
      await context.step('charge', ({ mayHaveBegun }) => void doubts.push(mayHaveBegun));
      return done('one');
    };
    expect(told(await worker().run(operation(rerun), charge))).toBe('executed stored');
    expect(doubts).toEqual([true]);
    const record = await memory.read(operation().id);
    const { saved, begun } = stepProgress(record?.steps ?? new Map());
    expect([[...saved.keys()], begun]).toEqual([['charge'], []]);
  });

  it('leave a key that takes no other payload', async () => {
    const { worker } = await failAfterTakeover();
    const other = { ...operation(rerun, 'k', 'another payload') };
    expect(told(await worker().run(other, async () => done('two')))).toBe('mismatch');
  });

  it('leave a lapsed record if that cannot be saved', async () => {
    const rig = engineRig();
    const dies = () => {
      throw new Error('on command');
    };
    await rig
      .worker()
      .run(operation(rerun), dies)
      .catch(() => undefined);
    rig.faults.plan((method) => (method === 'saveStep' ? { kind: 'fail' } : undefined));
    const failed = rig.worker().run(operation(rerun), async () => runResult('failed', 'no'));
    await rig.runtime.advance(60_000);
    expect(told(await failed)).toBe('executed lapsed');
  });
});
