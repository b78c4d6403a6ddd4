/** A store, workers that die on it, and completers. */

import { afterEach } from 'vitest';
import { type Completer, type CompleterOptions, completer } from '../../src/completer/index.ts';
import type { Context } from '../../src/core/context.ts';
import type { LatchkeyEvent } from '../../src/core/events.ts';
import { idempotent } from '../../src/function/idempotent.ts';
import type { IdempotentOptions } from '../../src/function/options.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';

export interface Order {
  readonly id: string;
}

export type Body = (order: Order, context: Context) => unknown;
type Settings = Partial<IdempotentOptions<Order, unknown, never>>;

/** Closed after each test. */
export const running: Completer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close(0)));
});

/** Creates the store, the guards and the events of a test. */
export function rig() {
  const runtime = manualRuntime();
  const memory = memoryStore({ runtime });
  const events: LatchkeyEvent[] = [];
  const onEvent = (event: LatchkeyEvent) => void events.push(event);

  const ship = (body: Body, settings: Settings = {}, store = memory) =>
    idempotent(body, {
      store,
      runtime,
      onEvent,
      name: 'ship',
      key: (order: Order) => order.id,
      afterFailure: 'rerun',
      saveInput: true,
      timing: { leaseMs: 3_000 },
      ...settings,
    });

  /** Lets a worker die in its call of `ship`; resolves when its record has lapsed. */
  const die = async (order: Order, body: Body = () => {}, settings: Settings = {}) => {
    const { store, faults } = faultyStore(memory, runtime);
    faults.plan((method) => (method === 'renew' || method === 'complete' ? { kind: 'hang' } : undefined));
    const dying = ship((...args) => Promise.resolve(body(...args)).then(() => new Promise(() => {})), settings, store);
    void dying(order).catch(() => {});
    await runtime.advance(3_000);
  };

  const complete = (...functions: ReturnType<typeof ship>[]) => start({ store: memory, runtime, onEvent }, functions);
  const start = (options: Omit<CompleterOptions, 'operations'>, functions: ReturnType<typeof ship>[]) => {
    const operations = functions.map(({ completable }) => completable);
    running.push(completer({ ...options, operations }));
  };
  const states = async () => {
    const of = async (state: 'lapsed' | 'completed' | 'open' | 'running') =>
      (await memory.list({ state, limit: 100 })).records.map(({ attempt }) => `${state} ${attempt}`);
    return (await Promise.all((['running', 'lapsed', 'open', 'completed'] as const).map(of))).flat();
  };
  return { runtime, memory, events, ship, die, complete, start, states };
}
