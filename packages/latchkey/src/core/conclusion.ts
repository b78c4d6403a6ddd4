/**
 * After the handler: keep or release, and the write that does it, repeated until the worker's own deadline.
 *
 * @module
 */

import type { Operation, Recorded, Verdict } from './operation.ts';
import type { RunningContext } from './running-context.ts';
import type { AfterFailure, AnyStore, Claimed, Owner } from './store.ts';
import { type CallTools, callUntil } from './store-call.ts';

/** A worker that is late holds the true answer all the same: it tries to store it for this long past its deadline. */
const lateAnswerMs = 5_000;
/** However near the deadline is, the store gets this long. */
const leastAnswerMs = 1_000;

/** The policy that holds for this run: a record and its route must both allow a rerun. */
export function effectivePolicy(claimed: Claimed, operation: Operation): AfterFailure {
  return claimed.policy === 'rerun' ? operation.settings.afterFailure : 'refuse';
}

/** What becomes of the record. */
export type Ending = 'keep' | 'release' | 'lapse';

/** What a verdict means for the record under the policy of its run. */
export function endingOf(
  { outcome }: Verdict,
  context: RunningContext,
  policy: AfterFailure,
  maxAttempts: number,
): Ending {
  switch (outcome) {
    case 'done':
      return 'keep';
    case 'released':
      return 'release';
    case 'nothing-happened':
      return policy === 'refuse' && context.hasSteps ? 'keep' : 'release';
    case 'come-back':
      return policy === 'refuse' ? 'keep' : 'release';
    case 'not-final':
      return policy === 'refuse' ? 'lapse' : 'release';
    case 'failed':
      // Nothing is decided by a handler that is no longer the one which began: its failure must not become the answer.
      if (context.stepsChanged) return 'lapse';
      return policy === 'refuse' || context.attempt >= maxAttempts ? 'keep' : 'release';
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
export function storeResult(options: ConclusionOptions, context: RunningContext, verdict: Verdict): Promise<Recorded> {
  const { store, owner, operation } = options;
  const { id, token } = owner;
  const { retentionMs } = operation.settings;
  const { result, tombstone } = verdict;
  const request = { id, token, result, tombstone, retentionMs, notify: isWaitedFor(operation) };
  const complete = async (): Promise<Recorded> => {
    const outcome = await store.complete(request);
    if (outcome === 'lost' || (context.mayHaveFinished && !(await isKeptResult(store, owner, verdict)))) return 'lost';
    return outcome === 'completed' && result.kind === 'value' ? 'stored' : 'tombstone';
  };
  return concluding(options, context, 'complete', complete);
}

/** A commit of `finish` that got no reply has completed the record with another answer, which is the true one then. */
async function isKeptResult(store: AnyStore, { id }: Owner, { result, tombstone }: Verdict): Promise<boolean> {
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
  const now = options.runtime.clock.monotonic();
  const tryingUntil = now + (now < lease.deadline ? leastAnswerMs : lateAnswerMs);
  const deadline = () => Math.max(lease.deadline, tryingUntil);
  lease.conclude();
  // Each failed try was reported as an event; what the caller needs to know is that nothing was stored.
  return callUntil(options, deadline, { operation: options.operation.name, during }, write).catch(unstored);
}

const unstored = (): Recorded => 'unstored';
