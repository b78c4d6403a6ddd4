import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore, manualRuntime, randomFaults } from '../../src/testing/index.ts';
import { claimOf, completionOf } from '../stores/requests.ts';

const unavailable = { code: 'store-unavailable' };

describe('faulty store', () => {
  const make = () => {
    const runtime = manualRuntime();
    return { runtime, ...faultyStore(memoryStore({ runtime }), runtime) };
  };

  it('fails a call without applying it, and only that one', async () => {
    const { store, faults } = make();
    faults.next('claim', { kind: 'fail' });
    await expect(store.claim(claimOf('x', 'a'))).rejects.toMatchObject(unavailable);
    expect(await store.read('x')).toBeUndefined();
    expect((await store.claim(claimOf('x', 'a'))).outcome).toBe('claimed');
    expect(faults.calls.get('claim')).toBe(2);
  });

  it('applies a call and loses its reply', async () => {
    const { store, faults } = make();
    await store.claim(claimOf('x', 'a'));
    faults.next('complete', { kind: 'lose-reply' });
    await expect(store.complete(completionOf('x', 'a'))).rejects.toMatchObject(unavailable);
    expect((await store.read('x'))?.state).toBe('completed');
  });

  it('applies a call twice', async () => {
    const { store, faults } = make();
    await store.claim(claimOf('x', 'a'));
    faults.next('release', { kind: 'repeat' });
    expect(await store.release({ id: 'x', token: 'a', retentionMs: 1_000 })).toBe(true);
  });

  it('delays a call, or leaves it hanging', async () => {
    const { store, faults, runtime } = make();
    faults.next('claim', { kind: 'delay', delayMs: 100 });
    faults.next('claim', { kind: 'hang' });
    const answers: string[] = [];
    const note = (name: string) => store.claim(claimOf(name, 'a')).then(({ outcome }) => answers.push(outcome));
    void note('delayed');
    void note('hanging');
    await runtime.advance(99);
    expect(answers).toEqual([]);
    await runtime.advance(1_000);
    expect(answers).toEqual(['claimed']);
    expect(await store.read('hanging')).toBeUndefined();
  });

  it('follows a plan, which next overrides', async () => {
    const { store, faults } = make();
    faults.plan((method) => (method === 'ping' ? { kind: 'fail' } : undefined));
    await expect(store.ping()).rejects.toMatchObject(unavailable);
    await store.claim(claimOf('x', 'a'));
    faults.clear();
    await store.ping();
  });

  it('draws the same faults from the same seed', () => {
    const draw = (seed: number) => {
      const plan = randomFaults({ seed, probability: 0.5 });
      return Array.from({ length: 50 }, () => plan('claim'));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(new Set(draw(3).map((fault) => fault?.kind))).toContain(undefined);
  });

  it('has exactly the methods of the store', () => {
    const { store } = make();
    expect(store.transaction).toBeUndefined();
    expect(store.watch).toBeTypeOf('function');
  });
});
