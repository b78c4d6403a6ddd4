/**
 * Loads the handling of lapsed records on first use: most applications have no `recover` hook.
 *
 * @module
 */

import type { Attempt } from './attempt.ts';
import type { ClaimResult } from './claim.ts';
import type { RunningAttempts } from './running-attempts.ts';

/** Loads it; called ahead for a route with a `recover` hook. */
export const loadRecovery = () => import('./recovery.ts');

/** See `recoverRecord`. If the module can't be loaded, the record lapses again, and the next retry tries once more. */
export async function recoverLapsed(attempt: Attempt, running: RunningAttempts): Promise<ClaimResult> {
  try {
    const { recoverRecord } = await loadRecovery();
    return await recoverRecord(attempt, running);
  } catch (error) {
    attempt.tools.emit?.({ type: 'handler-error', operation: attempt.operation.name, error });
    await running.abandon(attempt);
    return { kind: 'outcome-unknown' };
  }
}
