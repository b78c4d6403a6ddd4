/**
 * Loads what few requests need on first use: the handling of lapsed records with a `recover` hook, and waiting for a
 * running operation.
 *
 * @module
 */

import type { Operation } from '../operation.ts';
import type { Attempt, Claim } from './attempt.ts';
import type { ClaimResult, EngineParts } from './claim.ts';
import type { RunningAttempts } from './running-attempts.ts';

/** Called in advance for a route with a `recover` hook. */
export const loadRecovery = () => import('./recovery.ts');

/** Called in advance for a route that waits. */
export const loadWaiting = () => import('./waiting.ts');

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

/** See `waitForEnd`. If the module can't be loaded, the request does not wait. */
export async function waitIfLoaded(operation: Operation, first: Claim, parts: EngineParts): Promise<Claim> {
  const loaded = await loadWaiting().catch(() => undefined);
  return loaded?.waitForEnd(operation, first, parts) ?? first;
}
