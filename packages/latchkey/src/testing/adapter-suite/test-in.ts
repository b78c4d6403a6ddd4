/**
 * How the suite runs a test: in a world of its own, and again if the process stood still.
 *
 * @module
 */

import type { TransactionKind } from '../../core/store.ts';
import { type AdapterSuiteOptions, type Test, World } from './world.ts';

/** The leases of tests are short: a worker that stands still for so long may lose one. */
const stillMs = 500;
const mostTries = 3;

/**
 * A test that creates its world and always removes it. If it fails after this process stood still, as on an overloaded
 * machine, it runs again in a new world.
 */
export function testIn<Kind extends TransactionKind>(suite: AdapterSuiteOptions<Kind>): Test<Kind> {
  return (name, body) =>
    suite.it(name, async () => {
      for (let tries = 1; ; tries += 1) {
        const world = new World(suite, await suite.createStore());
        const longestStill = watchStillness();
        try {
          return await body(world);
        } catch (error) {
          if (longestStill() < stillMs || tries === mostTries) throw error;
        } finally {
          longestStill();
          await world.close();
        }
      }
    });
}

/** Starts to measure for how long the process stands still; the function returned ends it, and returns the longest time. */
function watchStillness(): () => number {
  let longestMs = 0;
  let seenAt = performance.now();
  const see = () => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - seenAt);
    seenAt = now;
  };
  const timer = setInterval(see, 50);
  return () => {
    clearInterval(timer);
    see();
    return longestMs;
  };
}
