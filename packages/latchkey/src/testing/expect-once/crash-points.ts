/**
 * The points of a request at which its worker can crash.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import type { CrashCall, CrashTime } from '../test-store/crashes.ts';

/** A crash before or after a store call. */
export interface CrashPoint {
  /** Completes "after a crash …". */
  readonly name: string;
  /** Completes an error if the effects are not the same after this crash. */
  readonly advice: string;
  timeAt(call: CrashCall): CrashTime | undefined;
}

const outsideSteps =
  'What a handler does outside of a step or transaction is done again by the next attempt. Put the effect into one.';

const insideStep =
  'The step had its effect, but its result was not saved, so the next attempt ran it again. Send its idempotencyKey to the other system, and let effects() count what that system did; or use context.transaction.';

/**
 * Returns the points of a request that made these calls.
 *
 * @param where - `between-steps` leaves out a crash between the effect of a step and its save.
 */
export function crashPoints(calls: readonly CrashCall[], where: 'everywhere' | 'between-steps'): readonly CrashPoint[] {
  return calls.flatMap((call) => {
    const { before, after } = pointsOf(call);
    const point = (name: string, time: CrashTime, advice = outsideSteps): CrashPoint => ({
      name,
      advice,
      timeAt: (other) => (isDeepStrictEqual(call, other) ? time : undefined),
    });
    const first = before === undefined || (where === 'between-steps' && call.kind === 'step') ? [] : [before];
    return [
      ...first.map((name) => point(name, 'before', call.kind === 'step' ? insideStep : undefined)),
      point(after, 'after'),
    ];
  });
}

/** Names what has happened at a crash before the call, and after it. */
function pointsOf(call: CrashCall): { readonly before?: string; readonly after: string } {
  switch (call.kind) {
    case 'claim':
      return { after: 'before the handler ran' };
    case 'start':
      return { after: `before the step "${call.step}" ran` };
    case 'step':
      return {
        before: `between the effect of the step "${call.step}" and its save`,
        after: `after the step "${call.step}" was saved`,
      };
    case 'transaction':
      return {
        before: `before the transaction "${call.step}" was committed`,
        after: `after the transaction "${call.step}" was committed`,
      };
    case 'finish':
      return { before: 'before finish was committed', after: 'after finish was committed' };
    case 'answer':
      return { before: 'before the answer was stored', after: 'after the answer was stored' };
  }
}
