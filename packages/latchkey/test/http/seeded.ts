/** Properties with random input: a failure prints its seed, and LATCHKEY_SEED repeats it. */

import fc from 'fast-check';

const given = process.env['LATCHKEY_SEED'];

/** Asserts a property for `numRuns` random inputs, or for those of LATCHKEY_SEED. */
export function holds<Inputs extends [unknown, ...unknown[]]>(property: fc.IProperty<Inputs>, numRuns = 300): void {
  fc.assert(property, { numRuns, ...(given !== undefined && { seed: Number(given) }) });
}
