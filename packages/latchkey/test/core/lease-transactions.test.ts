/** The end of a lease when renewals wait for transactions' locks and their answers are lost. */

import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/core/engine/lease.ts';
import { DueTimer } from '../../src/core/support/due-timer.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';
import { operation } from './engine-rig.ts';

const leaseMs = 30_000;
const transactionMs = 300_000;

function rig() {
  const runtime = manualRuntime();
  const renewals: PromiseWithResolvers<boolean>[] = [];
  const renew = () => {
    const renewal = Promise.withResolvers<boolean>();
    renewals.push(renewal);
    return renewal.promise;
  };
  const store = { renew, abandon: () => Promise.resolve(true) };
  const tools = { store, emit: undefined, runtime, timer: new DueTimer(runtime) };
  const settings = { leaseMs, maxRunMs: 3_600_000, transactionLeaseMs: transactionMs };
  const owner = { id: 'record', token: 'token' };
  const lease = new Lease(tools, operation(settings), owner, runtime.clock.monotonic());
  const transaction = () => {
    const commit = Promise.withResolvers<void>();
    return { commit: commit.resolve, over: lease.suspend(transactionMs, () => commit.promise) };
  };
  return { runtime, renewals, lease, transaction };
}

describe('a lease', () => {
  it('ends no later than a renewal that waited for a concurrent transaction may have set it', async () => {
    const { runtime, renewals, lease, transaction } = rig();
    await runtime.advance(10_000);
    const first = transaction();
    renewals[0]?.resolve(true);
    await runtime.advance(1_000);
    const second = transaction();
    first.commit();
    await runtime.advance(1_000);
    expect(renewals).toHaveLength(2);
    second.commit();
    const appliedAt = runtime.clock.monotonic();
    await runtime.advance(leaseMs);
    await Promise.all([first.over, second.over]);
    expect(lease.deadline).toBeLessThan(appliedAt + leaseMs);
    expect(lease.end).toBe('deadline');
  });

  it('is as long as a transaction set it if nothing else was sent', async () => {
    const { runtime, renewals, lease, transaction } = rig();
    const startedAt = runtime.clock.monotonic();
    const only = transaction();
    only.commit();
    await only.over;
    expect(renewals).toHaveLength(0);
    expect(lease.deadline).toBeGreaterThan(startedAt + transactionMs - 2_000);
    lease.stop();
  });
});
