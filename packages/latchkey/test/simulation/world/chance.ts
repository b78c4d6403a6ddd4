/** Randomness from one seed, split into streams, so that an extra draw in one part does not affect the others. */

import { seededFraction } from '../../../src/testing/manual-clock.ts';

/** One stream of random draws. */
export class Chance {
  readonly fraction: () => number;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.fraction = seededFraction(seed);
  }

  /** A separate stream, determined by the seed and this name. */
  stream(name: string): Chance {
    let mixed = Math.imul(this.#seed ^ 0x5bd1e995, 0x9e3779b1);
    for (const character of name) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193);
    return new Chance(mixed ^ (mixed >>> 15));
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least);
  }

  /** A whole number from `least` to `most`, both included. */
  count(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<const T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.fraction() * choices.length)] ?? choices[0];
  }
}
