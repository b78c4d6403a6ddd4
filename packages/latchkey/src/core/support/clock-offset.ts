/**
 * Compares the clock of another machine with that of this one.
 *
 * @module
 */

import type { Clock } from '../runtime.ts';

/**
 * How many milliseconds the clock that `read` reads is ahead. It was read at some time during the call, so only a time
 * outside that interval is a difference.
 *
 * @throws what `read` throws.
 */
export async function clockOffset(clock: Clock, read: () => Promise<number>): Promise<number> {
  const before = clock.now();
  const otherMs = await read();
  const after = clock.now();
  return Math.round(otherMs > after ? otherMs - after : Math.min(otherMs - before, 0));
}
