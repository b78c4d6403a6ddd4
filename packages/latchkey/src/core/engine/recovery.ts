/**
 * Asks a route's `recover` hook about a lapsed record, under the takeover claim that the caller holds, so that two
 * retries never both ask.
 *
 * @module
 */

import type { Emit } from '../emitter.ts';
import type { LapsedOperation, Operation, Recover, Recovery } from '../operation.ts';
import { stepProgress, stepValue } from '../steps/step-progress.ts';
import type { Claimed } from '../store.ts';
import { derivedKey } from '../support/digest.ts';

function lapsedOperation(operation: Operation, claimed: Claimed): LapsedOperation {
  const { saved, begun } = stepProgress(claimed.steps);
  return {
    operation: operation.name,
    operationId: claimed.operationId,
    attempt: claimed.attempt,
    policy: claimed.policy,
    steps: new Map([...saved].map(([name, bytes]) => [name, stepValue(bytes)])),
    begun,
    idempotencyKey: (step) => derivedKey(claimed.operationId, step),
  };
}

/** The hook's decision; a hook that throws leaves the record to a person. */
export async function askRecover(
  recover: Recover,
  operation: Operation,
  claimed: Claimed,
  emit: Emit,
): Promise<Recovery> {
  try {
    const recovery: Recovery | undefined = await recover(lapsedOperation(operation, claimed));
    if (typeof recovery?.decision === 'string') return recovery;
    throw new TypeError('A recover hook must return a decision: respond, rerun or leave.');
  } catch (error) {
    emit?.({ type: 'handler-error', operation: operation.name, error });
    return { decision: 'leave' };
  }
}
