import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import type { Outcome, RunResult } from '../../src/core/operation.ts';
import { sleep } from '../../src/core/runtime.ts';
import type { Store } from '../../src/core/store.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { type ManualRuntime, manualRuntime } from '../../src/testing/manual-clock.ts';
import { done, operation, runResult, told } from './engine-rig.ts';

/** Longer than any time limit of a call here. */
const lateMs = 8_000;

const ways = {
  'never settles': () => new Promise<never>(() => {}),
  'is carried out and answered late': (call: () => Promise<unknown>, runtime: ManualRuntime) =>
    sleep(runtime.timers, lateMs).then(call),
  'is answered late': (call: () => Promise<unknown>, runtime: ManualRuntime) =>
    call().then((answer) => sleep(runtime.timers, lateMs).then(() => answer)),
  'fails late': (_call: () => Promise<unknown>, runtime: ManualRuntime) =>
    sleep(runtime.timers, lateMs).then(() => Promise.reject(new Error('late'))),
  'throws at once': () => {
    throw new Error('a driver that throws');
  },
} as const;
type Way = keyof typeof ways;

/** A store with a faulty method until it is repaired. */
function brokenStore(runtime: ManualRuntime, method: string, way: Way) {
  const memory = memoryStore({ runtime });
  let healed = false;
  const store: Store = new Proxy(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = (...args: unknown[]) => Reflect.apply(member, target, args) as Promise<unknown>;
      if (name !== method || healed) return call;
      return (...args: unknown[]) => ways[way](() => call(...args), runtime);
    },
  });
  return { store, heal: () => (healed = true) };
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

/** Tracks a run; returns its present outcome without waiting for it. */
function watched(run: Promise<Outcome>) {
  let found = 'pending';
  void run.then(
    (outcome) => {
      found = told(outcome);
    },
    (error: unknown) => {
      found = `threw ${error instanceof Error ? error.message.split(' (')[0] : String(error)}`;
    },
  );
  return () => found;
}

type Run = (context: Context) => Promise<RunResult> | RunResult;

function rig(method: string, way: Way) {
  const runtime = manualRuntime();
  const { store, heal } = brokenStore(runtime, method, way);
  let executions = 0;
  const engine = new Engine({ store, runtime });
  const run = (handler: Run = () => done('one'), settings: Parameters<typeof operation>[0] = {}) =>
    watched(
      engine.run(operation({ leaseMs: 3_000, ...settings }), async (context) => {
        executions += 1;
        return handler(context);
      }),
    );
  return { runtime, heal, run, engine, executions: () => executions };
}

describe.each(Object.keys(ways) as Way[])('R91: a store call that %s', (way) => {
  it('claim: the request is answered in time, nothing runs, and the key is free later', async () => {
    const { runtime, heal, run, executions } = rig('claim', way);
    const first = run();
    await runtime.advance(2_000);
    expect(first()).toMatch(/^unavailable store-unavailable$/);
    expect(executions()).toBe(0);
    heal();
    await runtime.advance(60_000);
    expect(executions()).toBe(0);
    const later = run();
    await runtime.settle();
    expect(later()).toBe('executed stored');
    expect(executions()).toBe(1);
  });

  it("renew: the handler's signal aborts, and its late answer is stored", async () => {
    const { runtime, run, executions } = rig('renew', way);
    const found: boolean[] = [];
    const run1 = run(async (context) => {
      await sleep(runtime.timers, 4_000);
      found.push(context.signal.aborted);
      return done('late');
    });
    await runtime.advance(4_000);
    expect(run1()).toBe('executed stored');
    expect(found).toEqual([true]);
    expect(executions()).toBe(1);
  });

  it.each([
    ['complete', () => done('one')],
    ['release', () => runResult('released', '429')],
  ] as const)('%s: the answer is given in time, and nothing runs twice under refuse', async (method, handler) => {
    const { runtime, heal, run, executions } = rig(method, way);
    const first = run(handler);
    await runtime.advance(5_000);
    expect(first()).toMatch(/^executed (unstored|stored|released)$/);
    heal();
    await runtime.advance(20_000);
    const later = run(handler);
    await runtime.settle();
    expect(later()).not.toBe('pending');
    if (method === 'complete') expect(executions()).toBe(1);
  });

  it("abandon: the handler's error is thrown in time, and the record lapses", async () => {
    const { runtime, run, executions } = rig('abandon', way);
    const first = run(() => Promise.reject(new Error('broken')));
    await runtime.advance(2_000);
    expect(first()).toBe('threw broken');
    await runtime.advance(20_000);
    const later = run();
    await runtime.settle();
    expect(later()).toBe('outcome-unknown');
    expect(executions()).toBe(1);
  });

  it("saveStep: the step fails at the lease's deadline as of the start of the write", async () => {
    const { runtime, run } = rig('saveStep', way);
    const first = run(async (context) => {
      const step = context.step('charge', () => 1);
      return done(await step.then(String, (error: { code?: string }) => error.code ?? String(error)));
    });
    await runtime.advance(20_000);
    expect(first()).toMatch(/^executed (stored|tombstone)$/);
  });

  it('shutdown ends in time, whatever state the records have', async () => {
    const { runtime, run, engine } = rig('abandon', way);
    run(() => new Promise(() => {}));
    await runtime.settle();
    let ended = false;
    void engine.shutdown(1_000).then(() => {
      ended = true;
    });
    await runtime.advance(3_000);
    expect(ended).toBe(true);
  });
});

describe('a store whose watch throws', () => {
  it('lets a waiting duplicate poll for the answer', async () => {
    const { runtime, run, executions } = rig('watch', 'throws at once');
    const first = run(async () => {
      await sleep(runtime.timers, 500);
      return done('one');
    });
    await runtime.settle();
    const second = run(undefined, { whenRunning: 'wait' });
    await runtime.advance(2_000);
    expect([first(), second()]).toEqual(['executed stored', 'replay value one']);
    expect(executions()).toBe(1);
  });
});
