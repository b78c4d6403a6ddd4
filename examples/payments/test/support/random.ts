/** A seeded source of randomness, so that a failing run can be repeated. */
export interface SeededRandom {
  /** From 0 (included) to 1 (excluded). */
  fraction(): number;
  /** An integer from `least` to `most`, inclusive. */
  integer(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
  chance(probability: number): boolean;
  bytes(length: number): Buffer;
}

/** Reads `SEED`, or picks a random seed. */
export function chooseSeed(): number {
  return Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}

/** Mulberry32: small, fast, and sufficient for test cases. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  function fraction(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const integer = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    integer,
    pick<T>(choices: readonly T[]): T {
      return choices[integer(0, choices.length - 1)] as T;
    },
    chance: (probability) => fraction() < probability,
    bytes: (length) => Buffer.from(Array.from({ length }, () => integer(0, 255))),
  };
}
