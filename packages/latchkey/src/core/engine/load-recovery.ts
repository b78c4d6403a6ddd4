/**
 * Loads the handling of lapsed records on first use: most applications have no `recover` hook.
 *
 * @module
 */

import type { Attempt } from './attempt.ts';
import type { ClaimResult } from './claim.ts';
import type { Endings } from './recovery.ts';

type Recovering = typeof import('./recovery.ts');
let recovering: Recovering | undefined;

/** Loads it ahead, for a route with a `recover` hook. */
export async function loadRecovery(): Promise<Recovering> {
  recovering ??= await import('./recovery.ts');
  return recovering;
}

/** See `recoverRecord`. If the module can't be loaded, the record lapses again, and the next retry tries once more. */
export async function recoverLapsed(attempt: Attempt, endings: Endings): Promise<ClaimResult> {
  let loaded: Recovering;
  try {
    loaded = await loadRecovery();
  } catch (error) {
    attempt.tools.emit?.({ type: 'handler-error', operation: attempt.operation.name, error });
    await endings.abandon(attempt);
    return { kind: 'outcome-unknown' };
  }
  return loaded.recoverRecord(attempt, endings);
}
