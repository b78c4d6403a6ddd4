/**
 * Handles a lapsed record on a route with a `recover` hook. The hook is asked under a separate takeover claim, so two
 * retries never both ask. Every decision is written to the audit before it is carried out.
 *
 * @module
 */

import { auditHookDecision, type Conclude } from '../audit/hook-decision.ts';
import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import { askAgainMs, type LapsedOperation, type Operation, type Recover, type Recovery } from '../operation.ts';
import { stepProgress, stepValue } from '../steps/saved-step.ts';
import type { Claimed, StoredResult } from '../store.ts';
import { derivedKey } from '../support/digest.ts';
import type { Attempt } from './attempt.ts';
import type { ClaimResult } from './claim.ts';
import { CompleteCall } from './conclude.ts';
import type { RunningAttempts } from './running-attempts.ts';

/** Asks the hook and carries out its decision. Without a hook, the record is left for a person to decide. */
export async function recoverRecord(attempt: Attempt, running: RunningAttempts): Promise<ClaimResult> {
  const recovery = await askRecover(attempt);
  if (recovery.decision !== 'rerun' && recovery.decision !== 'respond') {
    await running.abandon(attempt);
    return { kind: 'outcome-unknown' };
  }
  const conclude = await audit(attempt, recovery);
  if (conclude === undefined) {
    await running.abandon(attempt);
    return unavailable('The decision about the lapsed operation could not be stored. Retry.');
  }
  if (recovery.decision === 'respond') return respond(attempt, recovery.result, conclude, running);
  if (attempt.lease.isHeld && attempt.operation.caller?.mayBegin() !== false) {
    attempt.audited = conclude('applied');
    return attempt;
  }
  // The hook, or the store write of its decision, took longer than the lease, so another worker may hold the record; or
  // the client has disconnected meanwhile.
  await running.abandon(attempt);
  await conclude('stale');
  return { kind: 'in-progress', retryAfterMs: askAgainMs };
}

const leaveIt: Recover = () => ({ decision: 'leave' });

/** Returns the hook's decision. If the hook throws, the record is left for a person to decide. */
async function askRecover({ operation, claim, tools }: Attempt): Promise<Recovery> {
  const { recover = leaveIt } = operation;
  try {
    const recovery: Recovery | undefined = await recover(lapsedOperation(operation, claim.answer));
    if (typeof recovery?.decision === 'string') return recovery;
    throw new TypeError('A recover hook must return a decision: respond, rerun or leave.');
  } catch (error) {
    tools.emit?.({ type: 'handler-error', operation: operation.name, error });
    return { decision: 'leave' };
  }
}

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

/** Returns undefined if the decision could not be written to the audit: it must not be carried out then. */
async function audit(
  { operation, owner, claim, tools }: Attempt,
  recovery: Exclude<Recovery, { decision: 'leave' }>,
): Promise<Conclude | undefined> {
  try {
    return await auditHookDecision(tools, { operation, owner, claimed: claim.answer, recovery });
  } catch (error) {
    // Failed calls were reported as events. Any other error means that the hook returned something other than a
    // decision.
    const { name } = operation;
    if (!(error instanceof LatchkeyError)) tools.emit?.({ type: 'handler-error', operation: name, error });
    return undefined;
  }
}

async function respond(
  attempt: Attempt,
  result: StoredResult,
  conclude: Conclude,
  running: RunningAttempts,
): Promise<ClaimResult> {
  const recorded = await new CompleteCall(attempt, { result, tombstone: result.bytes }).result();
  running.end(attempt, recorded);
  if (recorded === 'lost') {
    await conclude('stale');
    return { kind: 'in-progress', retryAfterMs: askAgainMs };
  }
  if (recorded === 'unstored') return unavailable('The recovered answer could not be stored. Retry.');
  await conclude('applied');
  const { operationId } = attempt.claim.answer;
  return { kind: 'replay', result, operationId, completedAtMs: attempt.tools.runtime.clock.now() };
}

function unavailable(message: string): ClaimResult {
  return { kind: 'unavailable', error: new StoreUnavailableError(message) };
}
