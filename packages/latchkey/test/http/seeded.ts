/** Properties over random input: the seed is printed by a failure, and LATCHKEY_SEED gives it again. */

import fc from 'fast-check';

const given = process.env['LATCHKEY_SEED'];

/** Asserts a property; `numRuns` random inputs unless LATCHKEY_SEED asks for one certain sequence of them. */
export function holds<Inputs extends [unknown, ...unknown[]]>(property: fc.IProperty<Inputs>, numRuns = 300): void {
  fc.assert(property, { numRuns, ...(given !== undefined && { seed: Number(given) }) });
}
