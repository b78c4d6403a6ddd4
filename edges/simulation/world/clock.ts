/**
 * Time controlled by the driver, and turns of the event loop.
 *
 * @module
 */

import { type ManualRuntime, manualRuntime } from 'latchkey/testing';

/**
 * A manual clock. A timer without delay runs in the next turn of the event loop, since the fetch adapter uses one to
 * check whether a body ends at once.
 */
export function worldClock(seed: number): ManualRuntime {
  const manual = manualRuntime(seed);
  return {
    ...manual,
    timers: {
      set: (callback, delayMs) => (delayMs > 0 ? manual.timers.set(callback, delayMs) : setImmediate(callback)),
      clear(handle) {
        clearImmediate(handle as NodeJS.Immediate);
        manual.timers.clear(handle);
      },
    },
  };
}

/** Lets the event loop run some turns. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Runs turns until a condition holds; returns false at the limit. Loopback sockets need a few turns; files and
 * compression run on other threads and also need real time.
 */
export async function until(condition: () => boolean, mostTurns: number, mostMs = 0): Promise<boolean> {
  for (let turn = 0; turn < mostTurns; turn += 1) {
    if (condition()) return true;
    await turns(1);
  }
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start >= mostMs) return false;
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  return true;
}
