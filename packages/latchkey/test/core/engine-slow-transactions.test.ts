/** Transactions of a database that doesn't answer, and the lease meanwhile. */

import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/core/engine/engine.ts';
import { LeaseLostError, StoreUnavailableError } from '../../src/core/errors.ts';
import { sleep } from '../../src/core/runtime.ts';
import type { Store, TransactionMethod } from '../../src/core/store.ts';
import { done, engineRig, gate, operation, told } from './engine-rig.ts';

interface Kind {
  readonly handle: undefined;
  readonly mode: 'async';
}

function rig() {
  const { runtime, memory } = engineRig();
  const { promise, reject } = Promise.withResolvers<never>();
  const methods = ['claim', 'renew', 'complete', 'release', 'abandon', 'saveStep', 'read'] as const;
  const bound = Object.fromEntries(methods.map((method) => [method, memory[method].bind(memory)]));
  const store = { ...memory, ...bound, transaction: () => promise } as Store<Kind>;
  const failed = new StoreUnavailableError('The database is away.');
  return { runtime, worker: () => new Engine({ store, runtime }), fail: () => reject(failed) };
}

describe('a transaction that gets no answer', () => {
  it("aborts the handler's signal before the handler continues", async () => {
    const { runtime, worker, fail } = rig();
    let seen: boolean | undefined;
    const first = worker().run(operation({ afterFailure: 'rerun', leaseMs: 1_000 }), async (context) => {
      const { signal } = context;
      await context.transaction('order', () => undefined).catch(() => undefined);
      seen = signal.aborted;
      return done('one');
    });
    await runtime.advance(1_010);
    expect(told(await worker().run(operation({ afterFailure: 'rerun' }), async () => done('two')))).toBe(
      'executed stored',
    );
    fail();
    expect(told(await first)).toBe('executed lost');
    expect(seen).toBe(true);
  });

  it('does not block the handler past maxRunMs', async () => {
    const { runtime, worker } = rig();
    let reason: unknown;
    void worker().run(operation({ leaseMs: 1_000, maxRunMs: 2_000 }), async (context) => {
      const { signal } = context;
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      await context.transaction('order', () => undefined);
      return done('one');
    });
    await runtime.advance(2_000);
    expect(reason).toBeInstanceOf(LeaseLostError);
    expect(runtime.pendingTimers()).toBe(0);
  });
});

describe('a long transaction', () => {
  it('makes a concurrent step wait for the record', async () => {
    const { runtime, memory } = engineRig();
    const { opened, open } = gate<void>();
    const bound = Object.fromEntries(
      (['claim', 'renew', 'complete', 'release', 'abandon', 'read'] as const).map((name) => [
        name,
        memory[name].bind(memory),
      ]),
    );
    const transaction: TransactionMethod<Kind> = async (_, body) => {
      const { value } = await body(undefined);
      await opened;
      return { outcome: 'committed', value };
    };
    const saveStep: Store['saveStep'] = (request) => opened.then(() => memory.saveStep(request));
    const engine = new Engine({ store: { ...memory, ...bound, transaction, saveStep } as Store<Kind>, runtime });
    const run = engine.run(operation({ leaseMs: 1_000 }), async (context) => {
      await Promise.all([context.transaction('order', () => 1), context.step('mail', () => 2)]);
      return done('one');
    });
    await runtime.advance(2_000);
    open();
    await runtime.settle();
    expect(told(await run)).toBe('executed stored');
  });

  it('extends the lease no further than a later heartbeat, although its answer is lost', async () => {
    const { runtime, memory } = engineRig();
    const bound = Object.fromEntries((['claim', 'abandon'] as const).map((name) => [name, memory[name].bind(memory)]));
    const transaction: TransactionMethod<Kind> = async (_, body) => {
      const { value } = await body(undefined);
      return { outcome: 'committed', value };
    };
    const renew = () => Promise.reject(new StoreUnavailableError('The answer was lost.'));
    const engine = new Engine({ store: { ...memory, ...bound, transaction, renew } as Store<Kind>, runtime });
    let reason: unknown;
    void engine.run(operation({ leaseMs: 1_000 }), async (context) => {
      await context.transaction('order', () => 1);
      context.signal.addEventListener('abort', () => {
        reason = context.signal.reason;
      });
      return new Promise(() => {});
    });
    await runtime.advance(1_300);
    expect(reason).toBeInstanceOf(LeaseLostError);
  });
});

describe('a heartbeat that the store applies after a transaction', () => {
  /** The first heartbeat, at 333 ms, has no answer; a transaction from 400 ms on takes `tookMs`. */
  function heartbeatRig(renewLater: Store['renew'], tookMs: number) {
    const { runtime, memory } = engineRig();
    const bound = Object.fromEntries((['claim', 'abandon'] as const).map((name) => [name, memory[name].bind(memory)]));
    const transaction: TransactionMethod<Kind> = async (_, body) => {
      const { value } = await body(undefined);
      await sleep(runtime.timers, tookMs);
      return { outcome: 'committed', value };
    };
    let renewals = 0;
    const renew: Store['renew'] = (request) => {
      renewals += 1;
      return renewals === 1 ? new Promise(() => {}) : renewLater(request);
    };
    const engine = new Engine({ store: { ...memory, ...bound, transaction, renew } as Store<Kind>, runtime });
    let signal: AbortSignal | undefined;
    void engine.run(operation({ leaseMs: 1_000 }), async (context) => {
      signal = context.signal;
      await sleep(runtime.timers, 400);
      await context.transaction('order', () => 1);
      return new Promise(() => {});
    });
    return { runtime, isLost: () => signal?.aborted };
  }

  it('may have been applied: the lease may end accordingly, although no answer came', async () => {
    const lost = () => Promise.reject(new StoreUnavailableError('The store is away.'));
    const { runtime, isLost } = heartbeatRig(lost, 10);
    // Applied right after the commit, at 410 ms, it would end the lease at 1,410 ms.
    await runtime.advance(1_409);
    expect(isLost()).toBe(true);
  });

  it('costs only a renewal after a longer transaction', async () => {
    const { runtime, isLost } = heartbeatRig(async () => true, 2_000);
    await runtime.advance(5_000);
    expect(isLost()).toBe(false);
  });
});
