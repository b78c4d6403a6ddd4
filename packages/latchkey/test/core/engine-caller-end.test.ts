/** Callers whose process is stopped at a known time, as on Lambda. Time is the test's. */

import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/core/engine/engine.ts';
import type { Operation } from '../../src/core/operation.ts';
import type { OperationSettings } from '../../src/core/settings.ts';
import { done, engineRig, gate, operation, told } from './engine-rig.ts';

const endMs = 5_000;

function rig() {
  const made = engineRig();
  const { runtime, memory, events } = made;
  const work: Promise<unknown>[] = [];
  const endsAt = runtime.clock.monotonic() + endMs;
  const caller = { mayBegin: () => true, endsAt, waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  const ending = (settings: Partial<OperationSettings> = {}): Operation => ({ ...operation(settings), caller });
  const state = async () => (await memory.read(operation().id))?.state;
  const lost = () => events.flatMap((event) => (event.type === 'lease-lost' ? [event.reason] : []));
  return { ...made, work, ending, state, lost };
}

describe('before the end of its caller', () => {
  it('a running attempt is abandoned, and the next one takes over at once', async () => {
    const { worker, runtime, ending, state, lost, work } = rig();
    const { opened, open } = gate<void>();
    const signals: AbortSignal[] = [];
    const first = worker().run(ending({ afterFailure: 'rerun' }), async ({ signal }) => {
      signals.push(signal);
      await opened;
      return done('late');
    });
    await runtime.advance(endMs - 1);
    expect([await state(), signals[0]?.aborted]).toEqual(['running', false]);
    await runtime.advance(1);
    expect([await state(), signals[0]?.aborted, lost()]).toEqual(['lapsed', true, ['max-run']]);
    expect(work).toHaveLength(1);
    const next = await worker().run(operation({ afterFailure: 'rerun' }), async () => done('next'));
    expect(told(next)).toBe('executed stored');
    open();
    expect(told(await first)).toBe('executed lost');
  });

  it('a handler that ends after it still stores its answer if no worker has taken over', async () => {
    const { worker, runtime, ending, state } = rig();
    const { opened, open } = gate<void>();
    const first = worker().run(ending(), () => opened.then(() => done('late')));
    await runtime.advance(endMs);
    open();
    expect(told(await first)).toBe('executed stored');
    expect(await state()).toBe('completed');
  });

  it('a step cannot begin after a freeze that outlasted it', async () => {
    const { runtime, memory, ending } = rig();
    let sleptMs = 0;
    const clock = { ...runtime.clock, monotonic: () => runtime.clock.monotonic() + sleptMs };
    const engine = new Engine({ store: memory, runtime: { ...runtime, clock }, log: false });
    let steps = 0;
    const first = engine.run(ending(), async (context) => {
      sleptMs = endMs;
      await context.step('charge', () => {
        steps += 1;
      });
      return done('late');
    });
    await expect(first).rejects.toMatchObject({ code: 'lease-lost' });
    expect(steps).toBe(0);
  });

  it('a renewal is passed to the caller, which may wait for it', async () => {
    const { worker, runtime, ending, work, faults } = rig();
    const { opened, open } = gate<void>();
    faults.plan((method) => (method === 'renew' ? { kind: 'delay', delayMs: 100 } : undefined));
    const first = worker().run(ending({ leaseMs: 3_000 }), () => opened.then(() => done('one')));
    await runtime.advance(1_050);
    open();
    expect(told(await first)).toBe('executed stored');
    expect(work).toHaveLength(1);
    await runtime.advance(100);
    await work[0];
  });

  it('a claim without a reply is given up', async () => {
    const { worker, runtime, ending, faults } = rig();
    faults.next('claim', { kind: 'hang' });
    const claim = worker().run(ending({ claimTimeoutMs: 60_000 }), async () => done('never'));
    await runtime.advance(endMs);
    expect(told(await claim)).toBe('unavailable store-unavailable');
  });

  it('a duplicate stops waiting', async () => {
    const { worker, runtime, ending } = rig();
    const { opened, open } = gate<void>();
    const first = worker().run(operation(), () => opened.then(() => done('one')));
    await runtime.advance(1);
    const waiting = worker().run(ending({ whenRunning: 'wait', waitMs: 60_000 }), async () => done('two'));
    await runtime.advance(endMs);
    expect(told(await waiting)).toBe('in-progress');
    open();
    await first;
  });

  it('an answer that the store refuses is given up', async () => {
    const { worker, runtime, ending, faults } = rig();
    faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const first = worker().run(ending(), async () => done('one'));
    await runtime.advance(endMs);
    expect(told(await first)).toBe('executed unstored');
  });
});
