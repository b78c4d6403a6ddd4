import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import type { Operation } from '../../src/core/operation.ts';
import type { OperationSettings } from '../../src/core/settings.ts';
import { done, engineRig, gate, operation, runResult, told } from './engine-rig.ts';

/** An operation whose client has disconnected by the time its claim is won. */
function left(settings: Partial<OperationSettings> = {}, parts: Partial<Operation> = {}): Operation {
  return { ...operation(settings), ...parts, caller: { mayBegin: () => false } };
}

const untouched = () => {
  throw new Error('must not run');
};

function rig() {
  const made = engineRig();
  const { memory, events } = made;
  const record = async () => {
    const found = await memory.read(operation().id);
    return found && { state: found.state, attempt: found.attempt, steps: [...found.steps.keys()] };
  };
  return { ...made, record, types: () => events.map(({ type }) => type) };
}

type Rig = ReturnType<typeof rig>;

/** Makes a record that lapsed in its first attempt, after a step. */
async function lapse({ worker }: Rig, settings: Partial<OperationSettings>) {
  const crash = async (context: Context) => {
    await context.step('charge', () => 1);
    throw new Error('on command');
  };
  await worker()
    .run(operation(settings), crash)
    .catch(() => undefined);
}

describe('a handler whose client disconnected before it began', () => {
  it('is not run, and the key is free at once', async () => {
    const { worker, record, types, counted, executions } = rig();
    expect(told(await worker().run(left(), untouched))).toBe('not-begun');
    expect(await record()).toEqual({ state: 'open', attempt: 0, steps: [] });
    expect(types()).toEqual(['refused']);
    const again = { ...operation({}, 'k', 'another payload') };
    expect(
      told(
        await worker().run(
          again,
          counted(() => done('one')),
        ),
      ),
    ).toBe('executed stored');
    expect(executions()).toBe(1);
  });

  it('leaves an open record open, with its steps and its payload', async () => {
    const { worker, record } = rig();
    await worker().run(operation({ afterFailure: 'rerun' }), async (context) => {
      await context.step('charge', () => 1);
      return runResult('failed', 'no');
    });
    expect(told(await worker().run(left({ afterFailure: 'rerun' }), untouched))).toBe('not-begun');
    expect(await record()).toEqual({ state: 'open', attempt: 1, steps: ['charge'] });
    expect(told(await worker().run(operation({}, 'k', 'other'), untouched))).toBe('mismatch');
  });

  it('uses up no attempt, however often it happens', async () => {
    const { worker } = rig();
    const settings = { afterFailure: 'rerun', maxAttempts: 2 } as const;
    for (let time = 0; time < 3; time += 1) await worker().run(left(settings), untouched);
    const failing = () => Promise.resolve(runResult('failed', 'no'));
    expect(told(await worker().run(operation(settings), failing))).toBe('executed released');
    expect(told(await worker().run(operation(settings), failing))).toBe('executed stored');
  });

  it('leaves a taken-over record lapsed', async () => {
    const set = rig();
    await lapse(set, { afterFailure: 'rerun' });
    const before = set.types().length;
    expect(told(await set.worker().run(left({ afterFailure: 'rerun' }), untouched))).toBe('not-begun');
    expect(await set.record()).toEqual({ state: 'lapsed', attempt: 1, steps: ['charge'] });
    expect(set.types().slice(before)).toEqual(['refused']);
  });

  it('is not decided by a recover hook', async () => {
    const set = rig();
    await lapse(set, {});
    expect(told(await set.worker().run(left({}, { recover: untouched }), untouched))).toBe('not-begun');
    expect(await set.record()).toEqual({ state: 'lapsed', attempt: 1, steps: ['charge'] });
    expect(told(await set.worker().run(operation(), untouched))).toBe('outcome-unknown');
  });

  it('is not run after the hook either, and the record lapses', async () => {
    const set = rig();
    await lapse(set, {});
    let here = true;
    const recover = () => {
      here = false;
      return { decision: 'rerun' } as const;
    };
    const leaving = { ...operation(), recover, caller: { mayBegin: () => here } };
    expect(told(await set.worker().run(leaving, untouched))).toBe('in-progress');
    expect(await set.record()).toEqual({ state: 'lapsed', attempt: 2, steps: ['charge'] });
  });

  it('is not run without protection', async () => {
    const { worker, faults, types } = rig();
    faults.next('claim', { kind: 'fail' }, 100);
    const claimTimeoutMs = 1;
    const settings = { whenStoreDown: 'run-unprotected', claimTimeoutMs } as const;
    expect(told(await worker().run(left(settings), untouched))).toBe('unavailable store-unavailable');
    expect(types()).not.toContain('unprotected');
  });

  it('stops waiting for the first, and never claims', async () => {
    const { worker, faults, runtime } = rig();
    const { opened, open } = gate<void>();
    const first = worker().run(operation(), () => opened.then(() => done('one')));
    await runtime.settle();
    const waiting = left({ whenRunning: 'wait' });
    expect(told(await worker().run(waiting, untouched))).toBe('in-progress');
    expect(faults.calls.get('claim')).toBe(2);
    open();
    expect(told(await first)).toBe('executed stored');
  });

  it.each(['fail', 'lose-reply'] as const)('gives the key back later if the store %ss at first', async (kind) => {
    const { worker, faults, runtime, record } = rig();
    faults.next('release', { kind });
    expect(told(await worker().run(left(), untouched))).toBe('not-begun');
    await runtime.advance(1_000);
    expect(await record()).toEqual({ state: 'open', attempt: 0, steps: [] });
  });
});
