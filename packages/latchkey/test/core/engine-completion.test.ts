import { describe, expect, it } from 'vitest';
import { done, engineRig, gate, operation, runResult, told } from './engine-rig.ts';

describe('completion', () => {
  it('is repeated until the store accepts it', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.next('complete', { kind: 'fail' }, 5);
    const run = worker().run(operation(), async () => done('one'));
    await runtime.advance(10_000);
    expect(told(await run)).toBe('executed stored');
  });

  it('R61: whose reply was lost is a success when repeated', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.next('complete', { kind: 'lose-reply' });
    const run = worker().run(operation(), async () => done('one'));
    await runtime.advance(1_000);
    expect(told(await run)).toBe('executed stored');
    expect(told(await worker().run(operation(), async () => done('two')))).toBe('replay value one');
  });

  it('keeps renewing while the store refuses the answer, and gives up after five seconds', async () => {
    const { worker, counted, executions, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'complete' || method === 'renew' ? { kind: 'fail' } : undefined));
    const brief = operation({ leaseMs: 3_000 });
    const run = worker().run(
      brief,
      counted(() => done('one')),
    );
    await runtime.advance(2_000);
    expect(
      told(
        await worker().run(
          brief,
          counted(() => done('x')),
        ),
      ),
    ).toBe('in-progress');
    await runtime.advance(3_000);
    expect(told(await run)).toBe('executed unstored');
    faults.clear();
    expect(
      told(
        await worker().run(
          brief,
          counted(() => done('x')),
        ),
      ),
    ).toBe('outcome-unknown');
    expect(executions()).toBe(1);
  });

  it.each([
    ['on time', 0],
    ['late', 2_000],
  ])('of an answer that is %s is tried for five seconds, however short the lease', async (_when, takesMs) => {
    const { worker, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'claim' ? undefined : { kind: 'fail' }));
    const { opened, open } = gate<void>();
    const run = worker().run(operation({ leaseMs: 1_000 }), async () => {
      await opened;
      return done('one');
    });
    await runtime.advance(takesMs);
    open();
    await runtime.advance(3_500);
    faults.clear();
    await runtime.advance(1_500);
    expect(told(await run)).toBe('executed stored');
  });

  it('is given up at a time that renewals do not change', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'complete' ? { kind: 'fail' } : undefined));
    const run = worker().run(operation({ leaseMs: 3_000 }), async () => done('one'));
    await runtime.advance(5_000);
    expect(told(await run)).toBe('executed unstored');
  });

  it('stores the tombstone at once if the store reports that it is full', async () => {
    const { worker, counted, executions, runtime, faults } = engineRig();
    faults.next('complete', { kind: 'full' });
    const handler = counted(() => done('one'));
    const run = worker().run(operation(), handler);
    await runtime.settle();
    expect(told(await run)).toBe('executed tombstone');
    expect(told(await worker().run(operation(), handler))).toBe('replay tombstone tombstone');
    expect(executions()).toBe(1);
  });

  it('retries the tombstone within the same limit if the store stays full', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'complete' ? { kind: 'full' } : undefined));
    const run = worker().run(operation({ leaseMs: 1_000 }), async () => done('one'));
    await runtime.advance(4_000);
    faults.clear();
    await runtime.advance(1_000);
    expect(told(await run)).toBe('executed tombstone');
  });

  it('a release whose reply was lost is a success when repeated', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.next('release', { kind: 'lose-reply' });
    const run = worker().run(operation({ afterFailure: 'rerun' }), async () => runResult('failed', 'oh'));
    await runtime.advance(1_000);
    expect(told(await run)).toBe('executed released');
  });

  it('a hanging store has a time limit', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'claim' ? undefined : { kind: 'hang' }));
    const run = worker().run(operation({ leaseMs: 3_000 }), async () => done('one'));
    await runtime.advance(10_000);
    expect(told(await run)).toBe('executed unstored');
    expect(runtime.pendingTimers()).toBe(0);
  });
});

describe('waiting', () => {
  const waits = { whenRunning: 'wait', waitMs: 5_000 } as const;

  it('R30: returns the answer when it is stored', async () => {
    const { worker, counted, executions, runtime } = engineRig();
    const { opened, open } = gate<void>();
    const slow = counted(async () => {
      await opened;
      return done('one');
    });
    const first = worker().run(operation(waits), slow);
    await runtime.settle();
    const second = worker().run(operation(waits), slow);
    await runtime.advance(2_000);
    open();
    await runtime.settle();
    expect(told(await first)).toBe('executed stored');
    expect(told(await second)).toBe('replay value one');
    expect(executions()).toBe(1);
  });

  it('R30: ends as a conflict at the time limit; R27: a mismatch does not wait', async () => {
    const { worker, runtime } = engineRig();
    void worker().run(operation(waits), () => new Promise(() => {}));
    await runtime.settle();
    expect(told(await worker().run(operation(waits, 'k', 'other'), async () => done('x')))).toBe('mismatch');
    const second = worker().run(operation(waits), async () => done('x'));
    await runtime.advance(5_000);
    expect(told(await second)).toBe('in-progress');
  });

  it('runs when the first released the record', async () => {
    const { worker, runtime } = engineRig();
    const { opened, open } = gate<void>();
    const first = worker().run(operation(waits), async () => {
      await opened;
      return runResult('nothing-happened', '429');
    });
    await runtime.settle();
    const second = worker().run(operation(waits), async () => done('two'));
    open();
    await runtime.advance(50);
    expect(told(await first)).toBe('executed released');
    expect(told(await second)).toBe('executed stored');
  });
});

describe('shutdown', () => {
  it('waits for running handlers, whose records complete, and refuses new ones', async () => {
    const { worker, runtime } = engineRig();
    const engine = worker();
    const { opened, open } = gate<void>();
    const running = engine.run(operation(), async () => {
      await opened;
      return done('one');
    });
    await runtime.settle();
    const shutdown = engine.shutdown(10_000);
    expect(told(await engine.run(operation({}, 'new'), async () => done('x')))).toBe('unavailable shutting-down');
    open();
    expect(told(await running)).toBe('executed stored');
    await shutdown;
    expect(told(await worker().run(operation(), async () => done('x')))).toBe('replay value one');
  });

  it('waits for a claim that is under way, since its handler will run', async () => {
    const { worker, runtime, faults } = engineRig();
    const engine = worker();
    faults.next('claim', { kind: 'delay', delayMs: 100 });
    const running = engine.run(operation(), async () => done('one'));
    let closed = false;
    const shutdown = engine.shutdown().then(() => {
      closed = true;
    });
    await runtime.settle();
    expect(closed).toBe(false);
    await runtime.advance(100);
    expect(told(await running)).toBe('executed stored');
    await shutdown;
  });

  it('gives back a claim that is answered after the shutdown, so that the retry runs', async () => {
    const { worker, runtime, faults, counted, executions } = engineRig();
    const engine = worker();
    const handler = counted(() => done('one'));
    faults.next('claim', { kind: 'delay', delayMs: 100 });
    const late = engine.run(operation(), handler);
    const shutdown = engine.shutdown(50);
    await runtime.advance(50);
    await shutdown;
    await runtime.advance(10_000);
    expect(told(await late)).toBe('unavailable shutting-down');
    expect(executions()).toBe(0);
    expect(told(await worker().run(operation(), handler))).toBe('executed stored');
  });

  it('gives up a handler that does not end: the signal aborts and the record lapses at once', async () => {
    const { worker, runtime } = engineRig();
    const engine = worker();
    let aborted = false;
    const endless = operation({ afterFailure: 'rerun' });
    void engine.run(endless, (context) => {
      context.signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    await runtime.settle();
    const shutdown = engine.shutdown(1_000);
    await runtime.advance(1_000);
    await shutdown;
    expect(aborted).toBe(true);
    expect(told(await worker().run(endless, async () => done('two')))).toBe('executed stored');
  });
});
