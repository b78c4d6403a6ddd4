/**
 * Random choices that only depend on a seed.
 *
 * @module
 */

import { manualRuntime } from 'latchkey/testing';

/** One sequence of draws. */
export class Chance {
  readonly #fraction: () => number;

  constructor(seed: number) {
    // Consecutive seeds would begin with similar draws.
    this.#fraction = manualRuntime(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995).random.fraction;
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.#fraction() < probability;
  }

  /** An integer from `least` to `most`, inclusive. */
  count(least: number, most: number): number {
    return least + Math.floor(this.#fraction() * (most - least + 1));
  }

  /** One of the choices. */
  pick<const T>(choices: readonly T[]): T {
    const chosen = choices[this.count(0, choices.length - 1)];
    if (chosen === undefined) throw new Error('There is nothing to choose from.');
    return chosen;
  }

  /** Some of the choices, each at most once, in random order. */
  some<const T>(choices: readonly T[], most: number): T[] {
    const left = [...choices];
    const chosen: T[] = [];
    for (let taken = Math.min(most, left.length); taken > 0; taken -= 1) {
      chosen.push(...left.splice(this.count(0, left.length - 1), 1));
    }
    return chosen;
  }
}
