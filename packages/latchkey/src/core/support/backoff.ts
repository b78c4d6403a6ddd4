/**
 * Exponential back-off with full jitter, used for every retry in the library.
 *
 * @module
 */

import type { Random } from '../runtime.ts';

/** The bounds of a back-off, in milliseconds. */
export interface BackoffLimits {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Returns the delay in milliseconds before retry number `retry` (0 for the first): uniformly random from 0 to
 * `min(cap, base · 2^retry)`.
 *
 * @example
 * ```ts
 * const delayMs = backoffMs(2, { baseMs: 100, capMs: 5_000 }, systemRuntime.random) // 0 to 400
 * ```
 */
export function backoffMs(retry: number, limits: BackoffLimits, random: Random): number {
  return random.fraction() * Math.min(limits.capMs, limits.baseMs * 2 ** retry);
}
