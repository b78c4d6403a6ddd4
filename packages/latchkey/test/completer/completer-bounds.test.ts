/** The store calls of a completer, and when they stop. */

import { describe, expect, it } from 'vitest';
import { completer } from '../../src/completer/index.ts';
import { LapsedPages } from '../../src/completer/lapsed-pages.ts';
import type { ListRequest, Store } from '../../src/core/store.ts';
import { type FaultyMethod, faultyStore } from '../../src/testing/faulty-store.ts';
import { rig, running } from './completer-rig.ts';

const mostPages = 20;

/** Lapsed records that no completer may run. */
async function lapse(store: Store, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const claim = { operation: 'ship', operationId: 'o', fingerprint: 'f', acceptable: ['f'], principal: 'p' };
    const terms = {
      policy: 'refuse',
      leaseMs: 1,
      unresolvedRetentionMs: 2 ** 40,
      takeover: 'none',
      maxAttempts: 5,
    } as const;
    await store.claim({ ...claim, ...terms, id: `refused ${index}`, token: 't' });
  }
}

/** The calls of `method` in the time that `advance` takes. */
async function counted(calls: ReadonlyMap<FaultyMethod, number>, method: FaultyMethod, advance: () => Promise<void>) {
  const before = calls.get(method) ?? 0;
  await advance();
  return (calls.get(method) ?? 0) - before;
}

describe('the bounds of a completer', () => {
  it('reads a few pages per poll, and finds a due record after 100,000 that it may not run', async () => {
    const { runtime, memory, ship, die, states } = rig();
    await lapse(memory, 100_000);
    await die({ id: 'late' });
    const { store, faults } = faultyStore(memory, runtime);
    let isDone = false;
    const operation = ship(() => {
      isDone = true;
    });
    running.push(completer({ store, runtime, operations: [operation.completable], intervalMs: 1_000 }));
    let rounds = 0;
    while (!isDone && rounds < 60) {
      // The interval is randomized by ± 50 %: at most one round begins in this time, or one in the next.
      expect(await counted(faults.calls, 'list', () => runtime.advance(500))).toBeLessThanOrEqual(mostPages);
      rounds += 0.5;
    }
    expect(await states()).toContain('completed 2');
    expect(faults.calls.get('read') ?? 0).toBeLessThan(5);
  });

  it('starts from the first page when the store no longer knows its cursor', async () => {
    const { runtime, memory } = rig();
    await lapse(memory, 250);
    await runtime.advance(1);
    let isKnown = true;
    const list = (request: ListRequest) =>
      isKnown || !request.cursor ? memory.list(request) : Promise.reject(new Error('an unknown place'));
    const pages = new LapsedPages(list);
    const [first] = await pages.next();
    isKnown = false;
    for (const _ of [1, 2]) await expect(pages.next()).rejects.toThrow('an unknown place');
    expect((await pages.next())[0]?.id).toBe(first?.id);
  });

  it('has no pending call to the store once it is closed', async () => {
    const { runtime, memory, ship } = rig();
    const { store, faults } = faultyStore(memory, runtime);
    faults.next('list', { kind: 'delay', delayMs: 500 });
    const closing = completer({ store, runtime, operations: [ship(() => 'done').completable] });
    let isClosed = false;
    const closed = closing.close().then(() => {
      isClosed = true;
    });
    await runtime.advance(499);
    expect(isClosed).toBe(false);
    await runtime.advance(1);
    await closed;
  });

  it.each(['list', 'read'] as const)('continues after a %s that never settles', async (method) => {
    const { runtime, memory, events, ship, die, states } = rig();
    await die({ id: 'o1' });
    const { store, faults } = faultyStore(memory, runtime);
    faults.next(method, { kind: 'hang' });
    const operations = [ship(() => 'done').completable];
    running.push(completer({ store, runtime, onEvent: (event) => void events.push(event), operations }));
    await runtime.advance(60_000);
    const during = method === 'list' ? 'list' : 'complete';
    expect(events).toContainEqual(expect.objectContaining({ type: 'store-error', during }));
    expect(await states()).toEqual(['completed 2']);
  });

  it('waits for a pending call no longer than its timeout', async () => {
    const { runtime, memory, ship } = rig();
    const { store, faults } = faultyStore(memory, runtime);
    faults.next('list', { kind: 'hang' });
    const closed = completer({ store, runtime, operations: [ship(() => 'done').completable] }).close(1_000);
    await runtime.advance(1_000);
    await closed;
  });
});
