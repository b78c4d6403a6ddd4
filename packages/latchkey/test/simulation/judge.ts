/** Runs a seed and checks it. */

import { type Violation, violationsOf } from './checker/checker.ts';
import type { Fault } from './faults/fault.ts';
import { simulate } from './simulate.ts';
import type { Timed } from './world/history.ts';

/** The result of a seed. */
export interface Judged {
  readonly seed: number;
  readonly events: readonly Timed[];
  readonly violations: readonly Violation[];
}

/** Runs and checks one seed, optionally with a fault. */
export async function judge(seed: number, fault: Fault = {}): Promise<Judged> {
  const restore = fault.patch?.();
  try {
    const world = await simulate(seed, fault.spoiling);
    return { seed, events: world.events, violations: violationsOf(world) };
  } catch (error) {
    // A world that crashes or never ends breaks every promise.
    return { seed, events: [], violations: [{ rule: 'the world goes on', detail: String(error) }] };
  } finally {
    restore?.();
  }
}

/** The first seed from 1 to `mostSeeds` that catches the fault. */
export async function firstToCatch(fault: Fault, mostSeeds: number): Promise<Judged | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed += 1) {
    const judged = await judge(seed, fault);
    if (judged.violations.length > 0) return judged;
  }
  return undefined;
}
