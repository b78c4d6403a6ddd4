/**
 * Warnings about what became of an answer: what a newcomer may expect to run again, and does not.
 *
 * @module
 */

import type { Executed } from '../../core/operation.ts';
import type { AnyExchange } from '../exchange.ts';
import type { Warn } from '../warnings.ts';

/** Where warnings go: those that are given once per guard, and those that are given once per route. */
interface Warnings {
  readonly guard: Warn;
  readonly route: Warn;
}

/** Warns of an answer that `refuse` keeps, or doesn't store, though its status asks to come back. */
export function warnOfKept(outcome: Executed, exchange: AnyExchange, warnings: Warnings): void {
  const { captured, committed, result, overruled } = exchange;
  if (captured === undefined || captured.status < 400) return;
  if (outcome.policy !== 'refuse' || committed !== undefined) return;
  if (outcome.recorded === 'lapsed' && result === 'not-final') {
    warnings.route('not-final-answer', notFinalAnswer(captured.status));
  }
  if (overruled === 'keep' || (outcome.recorded !== 'stored' && outcome.recorded !== 'tombstone')) return;
  if (result === 'come-back') warnings.route('come-back-kept', comeBackKept(captured.status));
  else if (captured.status >= 500) warnings.guard('failure-kept', failureKept);
}

const failureKept =
  "A 5xx answer was kept and will be replayed, because afterFailure is 'refuse'. If the handler's effects are inside steps and transactions, 'rerun' lets a retry run again.";

function comeBackKept(status: number): string {
  return `An answer with status ${status} was kept and will be replayed, because afterFailure is 'refuse' and a status does not prove that nothing was done. Mount the limiter or authentication before the guard, throw NothingHappenedError, or set the route's keep.`;
}

function notFinalAnswer(status: number): string {
  return `The handler passed on an answer of another service (status ${status}) which says that its operation is not decided. It was sent and not stored, and the record lapsed, because afterFailure is 'refuse'. Set 'rerun' on a route that passes on to an idempotent service.`;
}
