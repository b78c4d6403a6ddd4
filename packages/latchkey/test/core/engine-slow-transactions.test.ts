/** Transactions of a database that doesn't answer: what the lease and the clock still say meanwhile. */

import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/core/engine.ts';
import { LeaseLostError, StoreUnavailableError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { done, engineRig, operation, told } from './engine-rig.ts';

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
  it('tells the handler that its lease is over before the handler goes on', async () => {
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

  it('does not hold the handler past maxRunMs', async () => {
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
