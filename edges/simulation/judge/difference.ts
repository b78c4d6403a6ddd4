/**
 * A difference between a guarded application and the bare one, or its own first answer.
 *
 * @module
 */

import type { Plan } from '../world/plan.ts';
import type { Played } from '../world/play.ts';

/** The compared subject. */
export type Rule =
  | 'the first answer equals the bare one'
  | 'a replay equals the first answer'
  | 'the handler sees what it sees without the guard'
  | 'another payload never gets this answer'
  | 'an answer is stored before it is sent'
  | 'nothing runs twice'
  | 'an unknown route is left alone'
  | 'nothing is in progress for longer than its lease'
  | 'nothing is left unhandled'
  | 'the store is asked a bounded number of times';

/** One difference. */
export interface Difference {
  readonly rule: Rule;
  /** The differing part: `status`, `header etag`, `step 3`. */
  readonly part: string;
  readonly expected: string;
  readonly found: string;
}

/** A world that was run three times. */
export interface Case {
  readonly plan: Plan;
  /** Unguarded, with a client that waits for its answer. */
  readonly reference: Played;
  /** Unguarded, with the plan's client as far as possible. */
  readonly bare: Played;
  readonly guarded: Played;
}
