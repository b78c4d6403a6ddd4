/**
 * Looks for the first seed whose world shows a fault.
 *
 * @module
 */

import type { Difference } from '../judge/difference.ts';
import { trySeed } from '../judge/try-seed.ts';
import type { Surroundings } from '../world/world.ts';
import type { Fault } from './catalogue.ts';
import { faultyLibrary } from './faulty-copy.ts';

/** Within so many seeds every fault has to show. */
export const mostSeeds = 2_000;

/** The seed, and the difference by which the fault showed. */
export interface Caught {
  readonly seed: number;
  readonly difference: Difference;
}

/** Plays with the fault until something differs. Undefined if nothing does. */
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

/** A difference that the library shows without the fault, or that does not come again, says nothing about it. */
async function isSound(seed: number, around: Surroundings): Promise<boolean> {
  return (await trySeed(seed, around)).differences.length === 0;
}
