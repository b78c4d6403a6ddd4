/** Hooks of many operations, as after the death of a busy worker, whose decisions go into one log. */

import { describe, expect, it } from 'vitest';
import { operatorPrincipal } from '../../src/core/audit/own-record.ts';
import { Engine } from '../../src/core/engine/engine.ts';
import { sleep, systemRuntime } from '../../src/core/runtime.ts';
import type { Store } from '../../src/core/store.ts';
import { operator } from '../../src/operator/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { done, operation, told } from '../core/engine-rig.ts';

const hooks = 60;

/** A store with a delay of a millisecond, and the number of its calls. */
function distantStore() {
  const store = memoryStore();
  let calls = 0;
  const away = () => {
    calls += 1;
    return sleep(systemRuntime.timers, 1);
  };
  const distant: Store = Object.assign(Object.create(store), {
    claim: (request) => away().then(() => store.claim(request)),
    complete: (request) => away().then(() => store.complete(request)),
    read: (id) => away().then(() => store.read(id)),
    abandon: (request) => store.abandon(request),
    renew: (request) => store.renew(request),
    release: (request) => store.release(request),
  } satisfies Partial<Store>);
  return { store, distant, calls: () => calls };
}

describe('many concurrent decisions of hooks', () => {
  it('are written to the log one after another, with a few store calls each', async () => {
    const { store, distant, calls } = distantStore();
    const engine = new Engine({ store: distant });
    const operations = Array.from({ length: hooks }, (_, index) => operation({}, `key ${index}`));
    const died = () => Promise.reject(new Error('died'));
    await Promise.all(operations.map((each) => engine.run(each, died).catch(() => undefined)));
    const before = calls();
    const recover = () => ({ decision: 'rerun' }) as const;
    const rerun = operations.map((each) => engine.run({ ...each, recover }, async () => done('again')));
    expect(new Set((await Promise.all(rerun)).map(told))).toEqual(new Set(['executed stored']));
    expect((calls() - before) / hooks).toBeLessThan(40);
    const { entries } = await operator({ store }).log({ limit: 1_000 });
    expect(entries.filter(({ event }) => event === 'decided')).toHaveLength(hooks);
    expect(entries.filter(({ event }) => event === 'applied')).toHaveLength(hooks);
  });

  it('are found after the store was emptied', async () => {
    const store = memoryStore();
    const engine = new Engine({ store });
    const decisionOn = async (key: string) => {
      const lapsed = operation({}, key);
      await engine.run(lapsed, () => Promise.reject(new Error('died'))).catch(() => undefined);
      await engine.run({ ...lapsed, recover: () => ({ decision: 'rerun' }) }, async () => done('again'));
    };
    await decisionOn('one');
    const { entries: first } = await operator({ store }).log({ limit: 10 });
    await store.erase(operatorPrincipal);
    await decisionOn('two');
    const { entries: second } = await operator({ store }).log({ limit: 10 });
    expect([first.length, second.length]).toEqual([2, 2]);
  });
});
