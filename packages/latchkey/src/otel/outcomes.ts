/**
 * The outcome of a request, from the event that ends it. Each request has one such event for each guard on its way.
 *
 * @module
 */

import type { ErrorCode } from '../core/errors.ts';
import type { LatchkeyEvent } from '../core/events.ts';

/**
 * The values of the attribute `latchkey.outcome`:
 * - `executed`: the handler ran, and its record was completed or released.
 * - `replayed`: the stored answer was given.
 * - `in-progress`: the first request with the key was still running.
 * - `mismatch`: the key was used for another payload.
 * - `lapsed`: it is unknown whether the operation took effect, and a person or a retry must decide; also if a `recover`
 *   hook has left the record.
 * - `taken-over`: like `executed`, by a request that took over the record of a dead worker; also if a `recover` hook gave
 *   the answer, and no handler ran.
 * - `unstored`: the handler ran, and its answer could not be stored, or another worker has the record.
 * - `refused`: nothing was run. The attribute `latchkey.code` has the reason.
 * - `unprotected`: the store was unavailable, and the handler ran without protection.
 */
export const outcomes = [
  'executed',
  'replayed',
  'in-progress',
  'mismatch',
  'lapsed',
  'taken-over',
  'unstored',
  'refused',
  'unprotected',
] as const;

/** The outcome of a request. */
export type Outcome = (typeof outcomes)[number];

/** The outcome, and why a request was refused. */
export interface Ending {
  readonly outcome: Outcome;
  readonly code?: ErrorCode;
}

/** Returns how the request of this event ended; undefined if the event does not end one. */
export function endingOf(event: LatchkeyEvent): Ending | undefined {
  switch (event.type) {
    case 'executed':
      return { outcome: executedOutcome(event) };
    case 'replayed':
    case 'in-progress':
    case 'mismatch':
    case 'unprotected':
      return { outcome: event.type };
    case 'outcome-unknown':
      return { outcome: 'lapsed' };
    case 'quarantined':
      return { outcome: 'refused', code: 'key-quarantined' };
    case 'refused':
      return { outcome: 'refused', code: event.code };
    default:
      return undefined;
  }
}

function executedOutcome({ recorded, tookOver }: Extract<LatchkeyEvent, { type: 'executed' }>): Outcome {
  if (recorded === 'lapsed') return 'lapsed';
  if (recorded === 'unstored' || recorded === 'lost') return 'unstored';
  return tookOver ? 'taken-over' : 'executed';
}

/** Refusals that are the client's doing, or the normal end of a server. */
const usualRefusals: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'key-invalid',
  'key-missing',
  'key-quarantined',
  'principal-missing',
  'request-incomplete',
  'request-too-large',
  'shutting-down',
]);

/** Whether an operator should look at a request that ended so. A conflict or a mismatch is the protocol at work. */
export function isFault({ outcome, code }: Ending): boolean {
  if (outcome === 'refused') return !usualRefusals.has(code);
  return outcome === 'lapsed' || outcome === 'unstored' || outcome === 'unprotected';
}
