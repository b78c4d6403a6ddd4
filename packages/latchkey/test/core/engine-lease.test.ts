import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/core/engine/engine.ts';
import { LeaseLostError } from '../../src/core/errors.ts';
import { done, engineRig, gate, operation, told } from './engine-rig.ts';

const rerun = { afterFailure: 'rerun', leaseMs: 3_000 } as const;

describe('leases', () => {
  it('R42: heartbeats prevent a second run of a slow handler', async () => {
    const { worker, counted, executions, runtime } = engineRig();
    const { opened, open } = gate<void>();
    const slow = counted(async () => {
      await opened;
      return done('one');
    });
    const first = worker().run(operation(rerun), slow);
    for (let second = 0; second < 20; second += 1) {
      await runtime.advance(1_000);
      expect(told(await worker().run(operation(rerun), slow))).toBe('in-progress');
    }
    open();
    expect(told(await first)).toBe('executed stored');
    expect(executions()).toBe(1);
    expect(runtime.pendingTimers()).toBe(0);
  });

  it('R43, R44: a worker whose heartbeat stalled is aborted, taken over, and fenced', async () => {
    const { worker, runtime, faults, events } = engineRig();
    const { opened, open } = gate<void>();
    let reason: unknown;
    let late: unknown;
    const zombie = worker().run(operation(rerun), async (context) => {
      context.signal.addEventListener('abort', () => {
        reason = context.signal.reason;
      });
      await opened;
      await context
        .step('late', () => 1)
        .catch((error: unknown) => {
          late = error;
        });
      return done('zombie');
    });
    faults.plan((method) => (method === 'renew' ? { kind: 'fail' } : undefined));
    await runtime.advance(3_000);
    expect(reason).toBeInstanceOf(LeaseLostError);
    expect(told(await worker().run(operation(rerun), async () => done('second')))).toBe('executed stored');
    open();
    expect(told(await zombie)).toBe('executed lost');
    expect(late).toBeInstanceOf(LeaseLostError);
    expect(told(await worker().run(operation(rerun), async () => done('third')))).toBe('replay value second');
    expect(events).toContainEqual(expect.objectContaining({ type: 'lease-lost', reason: 'deadline' }));
  });

  it('aborts the signal at once when a handler wakes up from a freeze after its lease', async () => {
    const frozen = engineRig();
    let sleptMs = 0;
    const clock = { ...frozen.runtime.clock, monotonic: () => frozen.runtime.clock.monotonic() + sleptMs };
    const engine = new Engine({ store: frozen.memory, runtime: { ...frozen.runtime, clock } });
    const found: unknown[] = [];
    await engine.run(operation(rerun), async (context) => {
      const kept = context.signal;
      found.push(kept.aborted);
      // No timer runs, as in a stopped process.
      sleptMs = 3_000;
      found.push(kept.aborted, context.signal.aborted, context.signal.reason instanceof LeaseLostError);
      expect(() => kept.throwIfAborted()).toThrow(LeaseLostError);
      return done('late');
    });
    expect(found).toEqual([false, true, true, true]);
  });

  it('R43: a late answer is kept if no worker took over', async () => {
    const { worker, runtime, faults } = engineRig();
    const { opened, open } = gate<void>();
    const late = worker().run(operation({ leaseMs: 3_000 }), async () => {
      await opened;
      return done('late');
    });
    faults.plan((method) => (method === 'renew' ? { kind: 'fail' } : undefined));
    await runtime.advance(10_000);
    expect(told(await worker().run(operation(), async () => done('x')))).toBe('outcome-unknown');
    open();
    expect(told(await late)).toBe('executed stored');
    expect(told(await worker().run(operation(), async () => done('x')))).toBe('replay value late');
  });

  it('a renewal without an answer does not hide the deadline', async () => {
    const { worker, runtime, faults } = engineRig();
    let abortedAt: number | undefined;
    faults.next('renew', { kind: 'hang' }, 100);
    void worker().run(operation({ leaseMs: 3_000 }), (context) => {
      context.signal.addEventListener('abort', () => {
        abortedAt = runtime.clock.monotonic();
      });
      return new Promise(() => {});
    });
    await runtime.advance(3_000);
    expect(abortedAt).toBe(2_700);
  });

  it('a renewal after a takeover aborts the handler at once', async () => {
    const { worker, runtime, memory } = engineRig();
    const { opened, open } = gate<void>();
    let aborted = false;
    const running = operation({ leaseMs: 3_000 });
    const first = worker().run(running, async (context) => {
      context.signal.addEventListener('abort', () => {
        aborted = true;
      });
      await opened;
      return done('one');
    });
    await runtime.settle();
    await memory.erase('principal');
    await runtime.advance(1_000);
    expect(aborted).toBe(true);
    open();
    expect(told(await first)).toBe('executed lost');
  });

  it('R77: after maxRunMs the signal aborts, and the key is free when the lease ends, not before', async () => {
    const { worker, runtime } = engineRig();
    let aborted = false;
    const hung = operation({ ...rerun, maxRunMs: 5_000 });
    void worker().run(hung, (context) => {
      context.signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    await runtime.advance(4_999);
    expect(aborted).toBe(false);
    await runtime.advance(1);
    expect(aborted).toBe(true);
    // The rest of the lease leaves the handler time to react.
    expect(told(await worker().run(hung, async () => done('early')))).toBe('in-progress');
    await runtime.advance(3_000);
    expect(told(await worker().run(hung, async () => done('two')))).toBe('executed stored');
  });

  it('a signal first accessed after the end is already aborted', async () => {
    const { worker, runtime, faults } = engineRig();
    const { opened, open } = gate<void>();
    let aborted: boolean | undefined;
    const run = worker().run(operation({ leaseMs: 1_000 }), async (context) => {
      await opened;
      aborted = context.signal.aborted;
      return done('one');
    });
    faults.plan((method) => (method === 'renew' ? { kind: 'fail' } : undefined));
    await runtime.advance(2_000);
    open();
    await run;
    expect(aborted).toBe(true);
  });
});
