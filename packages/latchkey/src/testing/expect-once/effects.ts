/**
 * Reads and compares the effects of requests.
 *
 * @module
 */

import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { LatchkeyError } from '../../core/errors.ts';

/** A number of effects, or a list of them. */
export type Effects = number | readonly unknown[];

/** Returns all effects so far. */
export type ReadEffects = () => Effects | Promise<Effects>;

/**
 * Returns a copy of the effects so far.
 *
 * @throws LatchkeyError `option-invalid` if they are neither a number nor a list.
 */
export async function readEffects(effects: ReadEffects): Promise<Effects> {
  const found: unknown = await effects();
  if (typeof found === 'number' && Number.isFinite(found)) return found;
  if (Array.isArray(found)) return structuredClone(found);
  throw new LatchkeyError('option-invalid', 'expectOnce: effects must return a number or a list of plain values.');
}

/** Returns the effects that came after `before`; a list in its order. */
export function effectsSince(before: Effects, now: Effects): Effects {
  if (typeof now === 'number' && typeof before === 'number') return now - before;
  if (typeof now === 'number' || typeof before === 'number')
    throw new LatchkeyError('option-invalid', 'expectOnce: effects must always return a number, or always a list.');
  return without(now, before);
}

/** Whether there are no effects. */
export function isNothing(effects: Effects): boolean {
  return effects === 0 || (typeof effects !== 'number' && effects.length === 0);
}

/** Whether the effects are the same; the order of a list does not count, since steps may be concurrent. */
export function areSame(one: Effects, other: Effects): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other;
  return one.length === other.length && without(one, other).length === 0;
}

/** Whether the effects are some of `whole`, none, or all of them. */
export function arePartOf(whole: Effects, effects: Effects): boolean {
  if (typeof whole === 'number' || typeof effects === 'number') {
    const [most, count] = [Number(whole), Number(effects)];
    return Math.abs(count) <= Math.abs(most) && count * most >= 0;
  }
  return without(effects, whole).length === 0;
}

/** Each item of `taken` removes one equal item. */
function without(items: readonly unknown[], taken: readonly unknown[]): readonly unknown[] {
  const left = [...taken];
  return items.filter((item) => {
    const index = left.findIndex((other) => isDeepStrictEqual(item, other));
    if (index < 0) return true;
    left.splice(index, 1);
    return false;
  });
}

/** An error whose message ends with a diff. Most test runners also show its `actual` and `expected`. */
export function mismatch(message: string, actual: unknown, expected: unknown): AssertionError {
  const diff = new AssertionError({ actual, expected, operator: 'deepStrictEqual' }).message;
  // Some versions of Node add a diff to the message of a known operator, and others don't.
  return new AssertionError({ actual, expected, operator: 'expectOnce', message: `expectOnce: ${message}\n${diff}` });
}
