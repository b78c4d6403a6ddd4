/**
 * Handles a lapsed record on a route with a `recover` hook. The hook is asked under a separate takeover claim, so two
 * retries never both ask. Every decision is written to the audit before it is carried out.
 *
 * @module
 */

import type { Conclude } from '../audit/hook-decision.ts';
import { LatchkeyError, StoreUnavailableError } from '../errors.ts';
import {
  askAgainMs,
  type LapsedOperation,
  type Operation,
  type Recorded,
  type Recover,
  type Recovery,
} from '../operation.ts';
import { stepProgress, stepValue } from '../steps/saved-step.ts';
import type { Claimed, StoredResult } from '../store.ts';
import { derivedKey } from '../support/digest.ts';
import type { Attempt } from './attempt.ts';
import type { ClaimResult } from './claim.ts';
import { storeResult } from './conclude.ts';

type Auditing = typeof import('../audit/hook-decision.ts');
let auditing: Auditing | undefined;

/** Loads the audit, which only the decision of a `recover` hook needs. Most applications have no such hook. */
export async function loadAudit(): Promise<Auditing> {
  auditing ??= await import('../audit/hook-decision.ts');
  return auditing;
}

/** Ends an attempt whose handler doesn't run. */
export interface Endings {
  abandon(attempt: Attempt): Promise<Recorded>;
  end(attempt: Attempt, recorded: Recorded): void;
}

/** Asks the hook and carries out its decision. Without a hook, the record is left for a person to decide. */
export async function recoverRecord(attempt: Attempt, endings: Endings): Promise<ClaimResult> {
  const recovery = await askRecover(attempt);
  if (recovery.decision !== 'rerun' && recovery.decision !== 'respond') {
    await endings.abandon(attempt);
    return { kind: 'outcome-unknown' };
  }
  const conclude = await audit(attempt, recovery);
  if (conclude === undefined) {
    await endings.abandon(attempt);
    return unavailable('The decision about the lapsed operation could not be stored. Retry.');
  }
  if (recovery.decision === 'respond') return respond(attempt, recovery.result, conclude, endings);
  if (attempt.lease.isHeld && attempt.operation.caller?.mayBegin() !== false) {
    attempt.audited = conclude('applied');
    return attempt;
  }
  // The hook, or the store write of its decision, took longer than the lease, so another worker may hold the record; or
  // the client has disconnected meanwhile.
  await endings.abandon(attempt);
  await conclude('stale');
  return { kind: 'in-progress', retryAfterMs: askAgainMs };
}

const leaveIt: Recover = () => ({ decision: 'leave' });

/** Returns the hook's decision. If the hook throws, the record is left for a person to decide. */
async function askRecover({ operation, claim, tools }: Attempt): Promise<Recovery> {
  const { recover = leaveIt } = operation;
  try {
    const recovery: Recovery | undefined = await recover(lapsedOperation(operation, claim.outcome));
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
    const { auditHookDecision } = await loadAudit();
    return await auditHookDecision(tools, { operation, owner, claimed: claim.outcome, recovery });
  } catch (error) {
    // Failed calls were reported as events. Any other error means that the hook returned something other than a
    // decision, or that the audit could not be loaded.
    const { name } = operation;
    if (!(error instanceof LatchkeyError)) tools.emit?.({ type: 'handler-error', operation: name, error });
    return undefined;
  }
}

async function respond(
  attempt: Attempt,
  result: StoredResult,
  conclude: Conclude,
  endings: Endings,
): Promise<ClaimResult> {
  const recorded = await storeResult(attempt, { result, tombstone: result.bytes });
  endings.end(attempt, recorded);
  if (recorded === 'lost') {
    await conclude('stale');
    return { kind: 'in-progress', retryAfterMs: askAgainMs };
  }
  if (recorded === 'unstored') return unavailable('The recovered answer could not be stored. Retry.');
  await conclude('applied');
  const { operationId } = attempt.claim.outcome;
  return { kind: 'replay', result, operationId, completedAtMs: attempt.tools.runtime.clock.now() };
}

function unavailable(message: string): ClaimResult {
  return { kind: 'unavailable', error: new StoreUnavailableError(message) };
}
