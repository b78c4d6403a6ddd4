/**
 * After the handler: keep or release, and the write that does it, repeated within a limit that is fixed when the handler
 * has ended.
 *
 * @module
 */

import { StoreUnavailableError } from '../errors.ts';
import type { Operation, Recorded, RunResult } from '../operation.ts';
import type { AfterFailure, AnyStore, Claimed, Owner } from '../store.ts';
import { type CallTools, callUntil } from '../support/store-call.ts';
import type { RunningContext } from './attempt-context.ts';

/** The policy that holds for this run: a record and its route must both allow a rerun. */
export function effectivePolicy(claimed: Claimed, operation: Operation): AfterFailure {
  return claimed.policy === 'rerun' ? operation.settings.afterFailure : 'refuse';
}

/** What becomes of the record. */
export type Ending = 'keep' | 'release' | 'lapse';

/** What a verdict means for the record under the policy of its run. */
export function endingOf(
  { outcome }: RunResult,
  context: RunningContext,
  policy: AfterFailure,
  maxAttempts: number,
): Ending {
  // What was cut off in a step may have been carried out, and an open record would not say so.
  const release = context.cutStep ? 'lapse' : 'release';
  switch (outcome) {
    case 'done':
      return 'keep';
    case 'released':
      return 'release';
    case 'nothing-happened':
      return policy === 'refuse' && context.hasSteps ? 'keep' : release;
    case 'come-back':
      return policy === 'refuse' ? 'keep' : release;
    case 'not-final':
      return policy === 'refuse' ? 'lapse' : release;
    case 'failed':
      // Nothing is decided by a handler that is no longer the one which began: its failure must not become the answer.
      if (context.stepsChanged) return 'lapse';
      return policy === 'refuse' || context.attempt >= maxAttempts ? 'keep' : release;
  }
}

/** Telling watchers costs some stores much (PostgreSQL's NOTIFY serialises commits): only where retries wait. */
function isWaitedFor({ settings }: Operation): boolean {
  return settings.whenRunning === 'wait';
}

/** What a conclusion needs. */
export interface ConclusionOptions extends CallTools {
  readonly store: AnyStore;
  readonly owner: Owner;
  readonly operation: Operation;
}

/** Stores the verdict's result, or its tombstone. */
export function storeResult(
  options: ConclusionOptions,
  context: RunningContext,
  verdict: RunResult,
): Promise<Recorded> {
  const { store, owner, operation } = options;
  const { id, token } = owner;
  const { retentionMs } = operation.settings;
  const { tombstone } = verdict;
  let { result } = verdict;
  // Async, so that a store which throws at once is seen like one that rejects.
  const write = async () =>
    store.complete({ id, token, result, tombstone, retentionMs, notify: isWaitedFor(operation) });
  const complete = async (): Promise<Recorded> => {
    const outcome = await write().catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError && error.full) || result.kind === 'tombstone') throw error;
      options.emit?.({ type: 'store-error', operation: operation.name, during: 'complete', error });
      // The tombstone may fit where the answer does not, and tells a retry that the operation is done.
      result = { kind: 'tombstone', bytes: tombstone };
      return write();
    });
    if (outcome === 'lost' || (context.mayHaveFinished && !(await isKeptResult(store, owner, verdict)))) return 'lost';
    return outcome === 'completed' && result.kind === 'value' ? 'stored' : 'tombstone';
  };
  return concluding(options, context, 'complete', complete);
}

/** A commit of `finish` that got no reply has completed the record with another answer, which is the true one then. */
async function isKeptResult(store: AnyStore, { id }: Owner, { result, tombstone }: RunResult): Promise<boolean> {
  const kept = (await store.read(id))?.result?.bytes;
  return kept !== undefined && [result.bytes, tombstone].some((bytes) => isSame(bytes, kept));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Makes the record open for a retry. */
export function releaseRecord(options: ConclusionOptions, context: RunningContext): Promise<Recorded> {
  const { store, owner, operation } = options;
  const { retentionMs } = operation.settings;
  const notify = isWaitedFor(operation);
  return concluding(options, context, 'release', async () =>
    (await store.release({ ...owner, retentionMs, notify })) ? 'released' : 'lost',
  );
}

/** The lease is stopped by whoever ends the execution. */
function concluding(
  options: ConclusionOptions,
  { lease }: RunningContext,
  during: string,
  write: () => Promise<Recorded>,
): Promise<Recorded> {
  const giveUpAt = lease.writeDeadline();
  lease.conclude();
  // Each failed try was reported as an event; what the caller needs to know is that nothing was stored.
  return callUntil(options, giveUpAt, { operation: options.operation.name, during }, write).catch(unstored);
}

const unstored = (): Recorded => 'unstored';
