/**
 * Finds the first seed whose world reveals a fault.
 *
 * @module
 */

import type { Difference } from '../judge/difference.ts';
import { trySeed } from '../judge/try-seed.ts';
import type { Surroundings } from '../world/world.ts';
import type { Fault } from './catalogue.ts';
import { faultyLibrary } from './faulty-copy.ts';

/** Number of seeds within which every fault must be revealed. */
export const mostSeeds = 2_000;

/** The seed, and the difference that revealed the fault. */
export interface Caught {
  readonly seed: number;
  readonly difference: Difference;
}

/** Runs worlds with the fault until there is a difference; undefined if none of them differs. */
export async function catchFault(dist: string, fault: Fault, around: Surroundings): Promise<Caught | undefined> {
  await using library = await faultyLibrary(dist, fault);
  const faulty = { ...around, library };
  for (let seed = 1; seed <= mostSeeds; seed += 1) {
    const [difference] = (await trySeed(seed, faulty)).differences;
    if (difference === undefined || !(await isSound(seed, around))) continue;
    if (!(await isSound(seed, faulty))) return { seed, difference };
  }
  return undefined;
}

/** A difference counts only if it is repeatable and does not occur without the fault. */
async function isSound(seed: number, around: Surroundings): Promise<boolean> {
  return (await trySeed(seed, around)).differences.length === 0;
}
