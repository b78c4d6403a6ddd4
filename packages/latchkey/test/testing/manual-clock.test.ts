import { describe, expect, it } from 'vitest';
import { manualRuntime } from '../../src/testing/index.ts';

describe('manual runtime', () => {
  it('calls timers in the order in which they are due, each at its own time', async () => {
    const { clock, timers, advance, pendingTimers } = manualRuntime(1, 0);
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name} at ${clock.now()}/${clock.monotonic()}`);
    timers.set(note('late'), 20);
    timers.set(note('early'), 10);
    timers.set(note('never'), 31);
    const cleared = timers.set(note('cleared'), 5);
    timers.clear(cleared);
    await advance(30);
    expect(calls).toEqual(['early at 10/10', 'late at 20/20']);
    expect([clock.now(), pendingTimers()]).toEqual([30, 1]);
  });

  it('calls timers that timers set, and lets promises settle between them', async () => {
    const { clock, timers, advance } = manualRuntime(1, 0);
    const ticks: number[] = [];
    const tick = async () => {
      await Promise.resolve();
      ticks.push(clock.now());
      timers.set(() => void tick(), 10);
    };
    timers.set(() => void tick(), 10);
    await advance(35);
    expect(ticks).toEqual([10, 20, 30]);
  });

  it('lets only the wall clock jump', () => {
    const { clock, jumpWallClock } = manualRuntime(1, 1_000);
    jumpWallClock(-500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 0]);
  });

  it('gives the same randomness for the same seed', () => {
    const draw = (seed: number) => {
      const { random } = manualRuntime(seed);
      return [random.uuid(), random.fraction(), random.uuid()];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});
