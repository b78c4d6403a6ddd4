import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/core/engine/engine.ts';
import { StoreUnavailableError } from '../../src/core/errors.ts';
import type { ClaimRequest } from '../../src/core/store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { done, engineRig, gate, operation, runResult, told } from './engine-rig.ts';

describe('claims', () => {
  it('runs once and replays the same bytes', async () => {
    const { worker, counted, executions } = engineRig();
    const engine = worker();
    expect(
      told(
        await engine.run(
          operation(),
          counted(() => done('one')),
        ),
      ),
    ).toBe('executed stored');
    expect(
      told(
        await engine.run(
          operation(),
          counted(() => done('two')),
        ),
      ),
    ).toBe('replay value one');
    expect(executions()).toBe(1);
  });

  it('runs one of fifty simultaneous duplicates', async () => {
    const { worker, counted, executions } = engineRig();
    const engines = [worker(), worker()];
    const runs = Array.from({ length: 50 }, (_, index) => {
      const engine = engines[index % 2] ?? worker();
      return engine.run(
        operation(),
        counted(() => done('one')),
      );
    });
    const outcomes = (await Promise.all(runs)).map(told);
    expect(executions()).toBe(1);
    expect(outcomes.filter((outcome) => outcome === 'executed stored')).toHaveLength(1);
  });

  it('distinguishes a mismatch from a conflict while the first still runs', async () => {
    const { worker, runtime } = engineRig();
    const { opened, open } = gate<void>();
    const first = worker().run(operation(), async () => {
      await opened;
      return done('one');
    });
    await runtime.settle();
    expect(told(await worker().run(operation({}, 'k', 'other'), async () => done('x')))).toBe('mismatch');
    const conflict = await worker().run(operation(), async () => done('x'));
    expect(conflict).toEqual({ kind: 'in-progress', retryAfterMs: 1_000 });
    open();
    expect(told(await first)).toBe('executed stored');
    expect(told(await worker().run(operation({}, 'k', 'other'), async () => done('x')))).toBe('mismatch');
  });

  it('accepts an older fingerprint of the same payload', async () => {
    const { worker } = engineRig();
    await worker().run(operation({}, 'k', 'old'), async () => done('one'));
    const newer = { ...operation({}, 'k', 'new'), acceptable: ['new', 'old'] };
    expect(told(await worker().run(newer, async () => done('two')))).toBe('replay value one');
  });

  it('a claim whose reply was lost is repeated with the same token and wins', async () => {
    const { worker, counted, executions, faults, runtime } = engineRig();
    faults.next('claim', { kind: 'lose-reply' });
    const run = worker().run(
      operation(),
      counted(() => done('one')),
    );
    await runtime.advance(100);
    expect(told(await run)).toBe('executed stored');
    expect(executions()).toBe(1);
  });

  it('R72: a claim that was applied and given up is undone, so that the retry runs', async () => {
    const { worker, counted, executions, faults, runtime } = engineRig();
    faults.plan((method) => (method === 'claim' ? { kind: 'lose-reply' } : undefined));
    const run = worker().run(
      operation(),
      counted(() => done('one')),
    );
    await runtime.advance(3_000);
    expect(told(await run)).toBe('unavailable store-unavailable');
    expect(
      told(
        await worker().run(
          operation({ claimTimeoutMs: 1 }),
          counted(() => done('x')),
        ),
      ),
    ).toMatch(/^unavailable/);
    faults.clear();
    await runtime.advance(20_000);
    expect(
      told(
        await worker().run(
          operation(),
          counted(() => done('two')),
        ),
      ),
    ).toBe('executed stored');
    expect(executions()).toBe(1);
  });

  it('R72: a claim that was applied is undone even if its repeat gets a final error', async () => {
    const { memory, runtime } = engineRig();
    const claim = memory.claim.bind(memory);
    const full = new StoreUnavailableError('The store is full.', { full: true, retryAfterMs: 1_000 });
    const failures = [new Error('The reply was lost.'), full];
    const store = Object.assign(memory, {
      claim: async (request: ClaimRequest) => {
        const failure = failures.shift();
        if (failure !== full) await claim(request);
        if (failure !== undefined) throw failure;
        return claim(request);
      },
    });
    const engine = new Engine({ store, runtime, log: false });
    const run = engine.run(operation(), async () => done('one'));
    await runtime.advance(20_000);
    expect(told(await run)).toBe('unavailable store-unavailable');
    expect(told(await engine.run(operation(), async () => done('two')))).toBe('executed stored');
  });

  it('a store that answers a claim with undefined counts as unavailable', async () => {
    const store = Object.assign(memoryStore(), { claim: async () => undefined as never });
    const outcome = await new Engine({ store, log: false }).run(operation(), async () => done('one'));
    expect(told(outcome)).toBe('unavailable store-unavailable');
  });

  it('a claim that arrives after it was given up and after another attempt holds nothing', async () => {
    const { worker, counted, executions, faults, runtime } = engineRig();
    faults.next('claim', { kind: 'delay', delayMs: 60_000 });
    const late = worker().run(
      operation(),
      counted(() => done('late')),
    );
    const { opened, open } = gate<void>();
    const other = worker().run(
      operation(),
      counted(() => opened.then(() => runResult('nothing-happened', 'come back'))),
    );
    await runtime.advance(10_000);
    expect(told(await late)).toBe('unavailable store-unavailable');
    open();
    expect(told(await other)).toBe('executed released');
    await runtime.advance(60_000);
    const retry = worker().run(
      operation(),
      counted(() => done('one')),
    );
    expect(told(await retry)).toBe('executed stored');
    expect(executions()).toBe(2);
  });

  it('a hanging call does not prevent the undo of a claim before its lease ends', async () => {
    const { worker, faults, runtime } = engineRig();
    const short = operation({ leaseMs: 3_000, claimTimeoutMs: 200 });
    faults.plan((method) => (method === 'claim' ? { kind: 'lose-reply' } : undefined));
    const run = worker().run(short, async () => done('one'));
    await runtime.advance(200);
    expect(told(await run)).toBe('unavailable store-unavailable');
    faults.clear();
    faults.next('claim', { kind: 'hang' });
    await runtime.advance(2_500);
    expect(told(await worker().run(short, async () => done('two')))).toBe('executed stored');
  });

  it('I7: with the store down the handler does not run', async () => {
    const { worker, counted, executions, faults, runtime } = engineRig();
    for (const kind of ['fail', 'hang'] as const) {
      faults.plan(() => ({ kind }));
      const run = worker().run(
        operation(),
        counted(() => done('one')),
      );
      await runtime.advance(5_000);
      expect(told(await run)).toBe('unavailable store-unavailable');
    }
    expect(executions()).toBe(0);
  });

  it('runs without protection only if the route allows it', async () => {
    const { worker, counted, executions, faults, runtime, events } = engineRig();
    faults.plan(() => ({ kind: 'fail' }));
    const open = operation({ whenStoreDown: 'run-unprotected' });
    const run = worker().run(
      open,
      counted(async (context) => {
        expect(await context.step('a', () => new Date(0))).toBe('1970-01-01T00:00:00.000Z');
        return done('one');
      }),
    );
    await runtime.advance(5_000);
    expect(told(await run)).toBe('unprotected');
    expect(executions()).toBe(1);
    expect(events.some(({ type }) => type === 'unprotected')).toBe(true);
  });

  it('repeats the claim when its answer came after the lease', async () => {
    const { worker, counted, executions, faults, runtime } = engineRig();
    faults.next('claim', { kind: 'delay', delayMs: 950 });
    const run = worker().run(
      operation({ leaseMs: 1_000 }),
      counted(() => done('one')),
    );
    await runtime.advance(1_000);
    expect(told(await run)).toBe('executed stored');
    expect(executions()).toBe(1);
    expect(faults.calls.get('claim')).toBe(2);
  });

  it('keeps keys separate', async () => {
    const { worker, counted, executions } = engineRig();
    await worker().run(
      operation({}, 'a'),
      counted(() => done('a')),
    );
    await worker().run(
      operation({}, 'b'),
      counted(() => done('b')),
    );
    expect(executions()).toBe(2);
  });

  it('R46: runs again after retention, R47: and not before', async () => {
    const { worker, counted, executions, runtime } = engineRig();
    const brief = operation({ retentionMs: 60_000 });
    await worker().run(
      brief,
      counted(() => done('one')),
    );
    await runtime.advance(59_999);
    expect(
      told(
        await worker().run(
          brief,
          counted(() => done('two')),
        ),
      ),
    ).toBe('replay value one');
    await runtime.advance(1);
    expect(
      told(
        await worker().run(
          brief,
          counted(() => done('two')),
        ),
      ),
    ).toBe('executed stored');
    expect(executions()).toBe(2);
  });
});
