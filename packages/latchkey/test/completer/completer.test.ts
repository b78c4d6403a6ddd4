import { describe, expect, it } from 'vitest';
import { completer } from '../../src/completer/index.ts';
import type { Context } from '../../src/core/context.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { type Order, rig, running } from './completer-rig.ts';

describe('completer', () => {
  it("finishes a dead worker's operation after its last saved step, and the retry gets that answer", async () => {
    const { runtime, ship, die, complete, states } = rig();
    const ran: string[] = [];
    await die({ id: 'o1' }, (_order, context) => context.step('reserve', () => ran.push('reserve')));
    const again = ship(async (order, context) => {
      await context.step('reserve', () => ran.push('reserve again'));
      await context.step('send', () => ran.push(`send ${order.id}`));
      return { tracking: 'T1' };
    });
    complete(again);
    await runtime.advance(20_000);
    expect(ran).toEqual(['reserve', 'send o1']);
    expect(await states()).toEqual(['completed 2']);
    expect(await again({ id: 'o1' })).toEqual({ tracking: 'T1' });
  });

  it('ignores records without saved input, of another name, that may not be rerun, or that are running', async () => {
    const { runtime, ship, die, complete, states } = rig();
    await die({ id: 'no input' }, undefined, { saveInput: false });
    await die({ id: 'other' }, undefined, { name: 'bill' });
    await die({ id: 'refuse' }, undefined, { afterFailure: 'refuse' });
    let runs = 0;
    const alive = ship(() => {
      runs += 1;
      return new Promise(() => {});
    });
    void alive({ id: 'alive' });
    complete(alive);
    await runtime.advance(60_000);
    expect(runs).toBe(1);
    expect(await states()).toEqual(['running 1', 'lapsed 1', 'lapsed 1', 'lapsed 1']);
  });

  it('backs off after each failure, and gives up after maxAttempts: the record is stuck', async () => {
    const { runtime, events, ship, die, complete, states } = rig();
    await die({ id: 'poison' });
    const at: number[] = [];
    const settings = { timing: { maxAttempts: 5 } };
    complete(
      ship(() => {
        at.push(runtime.clock.now());
        throw new Error('never');
      }, settings),
    );
    await runtime.advance(600_000);
    expect(at).toHaveLength(4);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const [index, waited] of waits.entries()) expect(waited).toBeGreaterThanOrEqual(1_000 * 2 ** (index + 1));
    expect(await states()).toEqual(['lapsed 5']);
    expect(events.filter(({ type }) => type === 'stuck')).toEqual([
      expect.objectContaining({ type: 'stuck', operation: 'ship', attempt: 5 }),
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'handler-error', error: new Error('never') }));
  });

  it('shares records among completers, and no two run the same one', async () => {
    const { runtime, ship, die, complete, states } = rig();
    const ids = Array.from({ length: 12 }, (_, index) => `o${index}`);
    await Promise.all(ids.map((id) => die({ id })));
    const runs: string[] = [];
    const workers = new Set<number>();
    for (const worker of [1, 2, 3]) {
      const slow = async ({ id }: Order, context: Context) => {
        runs.push(id);
        workers.add(worker);
        await context.step('slow', () => new Promise((resolve) => runtime.timers.set(() => resolve(0), 500)));
      };
      complete(ship(slow));
    }
    await runtime.advance(60_000);
    expect(runs.toSorted()).toEqual(ids.toSorted());
    expect(workers.size).toBeGreaterThan(1);
    expect(await states()).toEqual(ids.map(() => 'completed 2'));
  });

  it('never begins an operation that was forgotten in the meantime', async () => {
    const { runtime, memory, ship, die, start, states } = rig();
    await die({ id: 'o1' });
    const [lapsed] = (await memory.list({ state: 'lapsed', limit: 1 })).records;
    const { id = '', token = '' } = lapsed ?? {};
    const { store, faults } = faultyStore(memory, runtime);
    faults.plan((method) => {
      if (method === 'claim') void memory.resolve({ id, token, resolution: { decision: 'forget' } });
      return undefined;
    });
    let runs = 0;
    const operation = ship(() => {
      runs += 1;
    });
    start({ store, runtime }, [operation]);
    await runtime.advance(60_000);
    expect(faults.calls.get('claim')).toBeGreaterThan(0);
    expect(runs).toBe(0);
    expect(await states()).not.toContain('completed 1');
  });

  it('gives up running operations when it is closed, and another completer continues', async () => {
    const { runtime, memory, ship, die, start, complete, states } = rig();
    await die({ id: 'o1' });
    start({ store: memory, runtime }, [ship(() => new Promise(() => {}))]);
    await runtime.advance(10_000);
    expect(await states()).toEqual(['running 2']);
    const closed = running.pop()?.close(1_000);
    await runtime.advance(1_000);
    await closed;
    expect(await states()).toEqual(['lapsed 2']);
    complete(ship(() => 'done'));
    await runtime.advance(20_000);
    expect(await states()).toEqual(['completed 3']);
  });

  it('continues with other records when a handler never ends', async () => {
    const { runtime, memory, ship, die, states } = rig();
    for (const id of ['o1', 'o2', 'o3']) await die({ id });
    const hanging = ship(({ id }) => (id === 'o2' ? new Promise(() => {}) : 'done'), {
      timing: { maxRunMs: 5_000, maxAttempts: 3 },
    });
    running.push(completer({ store: memory, runtime, operations: [hanging.completable], concurrency: 1 }));
    await runtime.advance(120_000);
    expect(await states()).toEqual(['lapsed 3', 'completed 2', 'completed 2']);
    const closed = running.pop()?.close(1_000);
    await runtime.advance(1_000);
    await closed;
  });

  it('leaves a record that is too old to a person, and reports it once', async () => {
    const { runtime, events, ship, die, complete, states } = rig();
    const settings = { timing: { maxRerunAgeMs: 10_000 } };
    await die({ id: 'o1' }, undefined, settings);
    await runtime.advance(10_000);
    complete(ship(() => 'done', settings));
    await runtime.advance(60_000);
    expect(await states()).toEqual(['lapsed 1']);
    expect(events.filter(({ type }) => type === 'stuck')).toHaveLength(1);
  });

  it('continues after the store was unavailable', async () => {
    const { runtime, memory, events, ship, die, states } = rig();
    await die({ id: 'o1' });
    const { store, faults } = faultyStore(memory, runtime);
    faults.next('list', { kind: 'fail' }, 3);
    running.push(
      completer({
        store,
        runtime,
        onEvent: (event) => void events.push(event),
        operations: [ship(() => 'done').completable],
      }),
    );
    await runtime.advance(60_000);
    expect(events).toContainEqual(expect.objectContaining({ type: 'store-error', during: 'list' }));
    expect(await states()).toEqual(['completed 2']);
  });

  it('finds misuse by name', () => {
    const { memory, ship } = rig();
    const operations = [ship(() => 1).completable];
    const start = (options: object) => () => running.push(completer({ store: memory, operations, ...options }));
    expect(start({ interval: 5 })).toThrow(expect.objectContaining({ code: 'option-unknown' }));
    expect(start({ concurrency: 0 })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    const refusing = [ship(() => 1, { afterFailure: 'refuse' }).completable];
    expect(start({ operations: refusing })).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    const unsaved = [ship(() => 1).completable, ship(() => 1, { saveInput: false }).completable];
    expect(start({ operations: unsaved })).toThrow(/saveInput: true/);
  });
});
