import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { LatchkeyError } from '../../src/core/errors.ts';
import { done, engineRig, gate, operation, runResult, told } from './engine-rig.ts';

const rerun = { afterFailure: 'rerun' } as const;

describe('steps', () => {
  it('R71: a saved step does not run again after a release', async () => {
    const { worker } = engineRig();
    let charged = 0;
    const handler = (last: 'failed' | 'done') => async (context: Context) => {
      const charge = await context.step('charge', () => {
        charged += 1;
        return { id: `ch_${charged}` };
      });
      return runResult(last, charge.id);
    };
    expect(told(await worker().run(operation(rerun), handler('failed')))).toBe('executed released');
    expect(told(await worker().run(operation(rerun), handler('done')))).toBe('executed stored');
    expect(told(await worker().run(operation(rerun), handler('done')))).toBe('replay value ch_1');
    expect(charged).toBe(1);
  });

  it('R68: the derived key is the same at every attempt, R78: and new for another operation of the same key', async () => {
    const { worker, runtime } = engineRig();
    const keys: string[] = [];
    const run = (outcome: 'failed' | 'done') =>
      worker().run(operation({ ...rerun, retentionMs: 1_000 }), async (context) => {
        await context
          .step('charge', ({ idempotencyKey }) => {
            keys.push(idempotencyKey);
            if (outcome === 'failed') throw new Error('provider down');
          })
          .catch(() => {});
        return runResult(outcome, 'x');
      });
    await run('failed');
    await run('done');
    await runtime.advance(1_000);
    await run('done');
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('returns the same value at the first and the next attempt, as parsed from JSON', async () => {
    const { worker } = engineRig();
    const seen: unknown[] = [];
    const run = (outcome: 'failed' | 'done') =>
      worker().run(operation(rerun), async (context) => {
        seen.push(await context.step('date', () => ({ at: new Date(0), nothing: undefined })));
        seen.push(await context.step('bytes', () => Uint8Array.of(0, 255)));
        seen.push(await context.step('void', () => {}));
        return runResult(outcome, 'x');
      });
    await run('failed');
    await run('done');
    expect(seen.slice(0, 3)).toEqual([{ at: '1970-01-01T00:00:00.000Z' }, Uint8Array.of(0, 255), undefined]);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  });

  it('refuses a name that is used twice, and lets a failed step be retried', async () => {
    const { worker } = engineRig();
    let tries = 0;
    const run = worker().run(operation(), async (context) => {
      const flaky = () =>
        context.step('flaky', () => {
          tries += 1;
          if (tries === 1) throw new Error('once');
          return tries;
        });
      await flaky().catch(() => {});
      expect(await flaky()).toBe(2);
      await expect(flaky()).rejects.toMatchObject({ code: 'step-name-reused' });
      return done('one');
    });
    expect(told(await run)).toBe('executed stored');
  });

  it('refuses a result that JSON cannot hold', async () => {
    const { worker } = engineRig();
    await worker().run(operation(), async (context) => {
      await expect(context.step('big', () => 1n)).rejects.toMatchObject({ code: 'value-invalid' });
      return done('one');
    });
  });

  it('repeats a save whose reply was lost, and reports an unavailable store', async () => {
    const { worker, runtime, faults } = engineRig();
    faults.next('saveStep', { kind: 'lose-reply' });
    const run = worker().run(operation({ leaseMs: 3_000 }), async (context) => {
      expect(await context.step('a', () => 1)).toBe(1);
      faults.plan((method) => (method === 'saveStep' || method === 'renew' ? { kind: 'fail' } : undefined));
      const saving = context.step('b', () => 2);
      await expect(saving).rejects.toMatchObject({ code: 'store-unavailable' });
      return done('one');
    });
    await runtime.advance(10_000);
    expect(told(await run)).toBe('executed stored');
  });

  it.each([
    ['the lease where that is longer', 20_000, 17_000],
    ['five seconds where the lease is shorter', 1_000, 3_500],
  ])('tries to save a step for %s, and renewals do not change the limit', async (_limit, leaseMs, stillTryingMs) => {
    const { worker, runtime, faults } = engineRig();
    faults.plan((method) => (method === 'saveStep' ? { kind: 'fail' } : undefined));
    let failure: unknown;
    const run = worker().run(operation({ leaseMs, maxRunMs: 600_000 }), async (context) => {
      await context
        .step('a', () => 1)
        .catch((error: unknown) => {
          failure = error;
        });
      return done('one');
    });
    await runtime.advance(stillTryingMs);
    expect(failure).toBeUndefined();
    await runtime.advance(leaseMs + 5_000);
    expect(failure).toMatchObject({ code: 'store-unavailable' });
    expect(told(await run)).toBe('executed stored');
  });

  it('a step that was running during a takeover is refused', async () => {
    const { worker, runtime, faults } = engineRig();
    const { opened, open } = gate<void>();
    let error: unknown;
    const zombie = worker().run(operation({ ...rerun, leaseMs: 1_000 }), async (context) => {
      await context
        .step('slow', () => opened)
        .catch((thrown: unknown) => {
          error = thrown;
        });
      return done('zombie');
    });
    faults.next('renew', { kind: 'fail' }, 100);
    await runtime.advance(1_500);
    await worker().run(operation(rerun), async () => done('second'));
    open();
    expect(told(await zombie)).toBe('executed lost');
    expect(error).toBeInstanceOf(LatchkeyError);
    expect(error).toMatchObject({ code: 'lease-lost' });
  });

  it('begins no further step of a handler once its record is released', async () => {
    const { worker } = engineRig();
    const { opened, open } = gate<void>();
    let charged = 0;
    let left: Promise<unknown> | undefined;
    const outcome = await worker().run(operation(rerun), async (context) => {
      left = opened.then(() => context.step('charge', () => (charged += 1)));
      return runResult('failed', 'x');
    });
    expect(told(outcome)).toBe('executed released');
    open();
    await expect(left).rejects.toMatchObject({ code: 'lease-lost' });
    expect(charged).toBe(0);
  });

  it('throws for transactions on the memory store', async () => {
    const { worker } = engineRig();
    await worker().run(operation(), async (context) => {
      const finish: unknown = context.finish;
      const call = () => Reflect.apply(finish as () => Promise<void>, context, [() => done('x')]);
      await expect(call()).rejects.toMatchObject({ code: 'transaction-unsupported' });
      return done('one');
    });
  });
});
