/**
 * The additional options of the guard of Lambda.
 *
 * @module
 */

import { type OptionTable, timerMs } from '../../core/options/rules.ts';

/** See `LambdaGuardOptions`. */
export const lambdaTable = { marginMs: timerMs(1_000, 0) } satisfies OptionTable<{ readonly marginMs?: number }>;
