import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerClock } from '../../../src/stores/dynamodb/clock.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** A worker whose clocks are wrong, and a server that it calls. */
class World {
  trueMs = Date.UTC(2026, 0, 1);
  monotonicMs = 5_000;
  wallOffsetMs: number;
  readonly clock: ServerClock;

  constructor(wallOffsetMs: number) {
    this.wallOffsetMs = wallOffsetMs;
    this.clock = new ServerClock({
      now: () => this.trueMs + this.wallOffsetMs,
      monotonic: () => this.monotonicMs,
    });
  }

  pass(ms: number): void {
    this.trueMs += ms;
    this.monotonicMs += ms;
  }

  /** A call with these delays to the server and back. */
  call(thereMs: number, backMs: number, skewMs = 0): void {
    const sentAtMs = this.monotonicMs;
    this.pass(thereMs);
    const dateMs = Math.floor((this.trueMs + skewMs) / 1_000) * 1_000;
    this.pass(backMs);
    this.clock.observe(sentAtMs, dateMs);
  }
}

const fiveMinutes = 300_000;

describe('the clock estimated from answers', () => {
  it('always has the true time between its bounds, whatever the worker’s clock is', () => {
    const delay = fc.integer({ min: 0, max: 700 });
    const calls = fc.array(fc.tuple(delay, delay, fc.integer({ min: 0, max: 5_000 })), { minLength: 1, maxLength: 40 });
    const offset = fc.integer({ min: -fiveMinutes, max: fiveMinutes });
    const property = fc.property(calls, offset, fc.integer({ min: 0, max: 999 }), (made, offsetMs, phaseMs) => {
      const world = new World(offsetMs);
      world.pass(phaseMs);
      for (const [there, back, idle] of made) {
        world.call(there, back);
        world.pass(idle);
        const at = world.clock.read();
        expect(at?.nowMs).toBeLessThanOrEqual(world.trueMs);
        expect((at?.nowMs ?? 0) + (at?.uncertaintyMs ?? 0)).toBeGreaterThanOrEqual(world.trueMs);
        expect(at?.uncertaintyMs).toBeLessThanOrEqual(1_000 + there + back + 205);
      }
    });
    fc.assert(property, seed);
  });

  it('narrows down to about a round trip', () => {
    const world = new World(0);
    for (let call = 0; call < 60; call += 1) {
      world.call(3, 4);
      world.pass(97);
    }
    expect(world.clock.read()?.uncertaintyMs).toBeLessThan(350);
  });

  it('uses the last answer if answers contradict each other', () => {
    const world = new World(0);
    world.call(1, 1);
    world.call(1, 1, 3_600_000);
    const at = world.clock.read();
    expect(Math.abs((at?.nowMs ?? 0) - world.trueMs - 3_600_000)).toBeLessThan(1_200);
  });

  it('has no time before the first answer, a minute after the last, and after the machine slept', () => {
    const world = new World(fiveMinutes);
    expect(world.clock.read()).toBeUndefined();
    world.call(1, 1);
    world.pass(59_000);
    expect(world.clock.read()).toBeDefined();
    world.pass(1_000);
    expect(world.clock.read()).toBeUndefined();
    world.call(1, 1);
    expect(world.clock.read()).toBeDefined();
    world.trueMs += 10_000;
    expect(world.clock.read()).toBeUndefined();
    world.call(1, 1);
    expect(Math.abs((world.clock.read()?.nowMs ?? 0) - world.trueMs)).toBeLessThan(1_200);
  });
});
