/**
 * After the handler: decides whether to keep or release the record, and repeats that write until a deadline that is
 * fixed when the handler ends.
 *
 * @module
 */

import { LeaseLostError } from '../errors.ts';
import type { Operation, Recorded, RunResult } from '../operation.ts';
import { callUntil, isFinalStoreError, isFull } from '../support/store-call.ts';
import type { Attempt } from './attempt.ts';
import { abandonRecord } from './running-attempts.ts';

/** The end state of the record. */
export type Ending = 'keep' | 'release' | 'lapse';

/** Returns what a result means for the record under the policy of its attempt. */
export function endingOf(attempt: Attempt, { outcome }: RunResult): Ending {
  const { policy } = attempt;
  // An interrupted step may have had its effect, and an open record would not show that.
  const release = attempt.cutStep ? 'lapse' : 'release';
  switch (outcome) {
    case 'done':
      return 'keep';
    case 'released':
      return 'release';
    case 'nothing-happened':
      return policy === 'refuse' && attempt.hasSteps ? 'keep' : release;
    case 'come-back':
      return policy === 'refuse' ? 'keep' : release;
    case 'not-final':
      return policy === 'refuse' ? 'lapse' : release;
    case 'failed':
      // The handler's code has changed since the operation began: its failure must not become the answer.
      if (attempt.stepsChanged) return 'lapse';
      return policy === 'refuse' || isLast(attempt) ? 'keep' : release;
  }
}

function isLast({ claim, operation }: Attempt): boolean {
  return claim.outcome.attempt >= operation.settings.maxAttempts;
}

/**
 * Stores the result, or its tombstone. Each failed try is reported as an event; the caller only learns that nothing was
 * stored.
 */
export async function storeResult(
  attempt: Attempt,
  { result, tombstone }: Pick<RunResult, 'result' | 'tombstone'>,
  giveUpAt: number = attempt.lease.conclude(),
): Promise<Recorded> {
  const { tools, owner, operation } = attempt;
  const { id, token } = owner;
  const { retentionMs } = operation.settings;
  const request = { id, token, result, tombstone, retentionMs, notify: isWaitedFor(operation) };
  try {
    const complete = () => tools.store.complete(request);
    const isFinal = result.kind === 'value' ? isFinalForValue : isFinalStoreError;
    const outcome = await callUntil(tools, giveUpAt, operation.name, 'complete', complete, isFinal);
    if (outcome === 'lost') return 'lost';
    if (attempt.mayHaveFinished && !(await isKept(attempt, [result.bytes, tombstone], giveUpAt))) return 'lost';
    return outcome === 'completed' && result.kind === 'value' ? 'stored' : 'tombstone';
  } catch (error) {
    if (!isFull(error) || result.kind === 'tombstone') return 'unstored';
    // The tombstone may fit when the answer does not. It tells a retry that the operation is done.
    return storeResult(attempt, { result: { kind: 'tombstone', bytes: tombstone }, tombstone }, giveUpAt);
  }
}

/** A full store may have room for the tombstone now and for the value later. */
function isFinalForValue(error: unknown): boolean {
  return isFull(error) || isFinalStoreError(error);
}

/**
 * Notifying watchers is expensive in some stores (PostgreSQL's NOTIFY serialises commits), so it is done only if
 * retries wait.
 */
function isWaitedFor({ settings }: Operation): boolean {
  return settings.whenRunning === 'wait';
}

/**
 * A commit of `finish` that got no reply has completed the record with another answer. That answer is the valid one.
 */
async function isKept(
  { tools, owner, operation }: Attempt,
  forms: readonly Uint8Array[],
  giveUpAt: number,
): Promise<boolean> {
  const record = await callUntil(tools, giveUpAt, operation.name, 'complete', () => tools.store.read(owner.id));
  const kept = record?.result?.bytes;
  return kept !== undefined && forms.some((bytes) => isSame(bytes, kept));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Makes the record open for a retry. If it can't be released with everything known about it, it lapses. */
export async function releaseRecord(attempt: Attempt): Promise<Recorded> {
  try {
    if (attempt.claim.outcome.tookOver) await attempt.noteDeadWorker();
  } catch (error) {
    if (!(error instanceof LeaseLostError)) return abandonRecord(attempt).then(() => 'lapsed');
  }
  const { tools, owner, operation, lease } = attempt;
  const request = { ...owner, retentionMs: operation.settings.retentionMs, notify: isWaitedFor(operation) };
  try {
    const release = () => tools.store.release(request);
    return (await callUntil(tools, lease.conclude(), operation.name, 'release', release)) ? 'released' : 'lost';
  } catch {
    return 'unstored';
  }
}
