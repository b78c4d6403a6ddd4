/**
 * After the handler: decides whether to keep or release the record, and repeats that write until a deadline that is
 * fixed when the handler ends.
 *
 * @module
 */

import { LeaseLostError } from '../errors.ts';
import type { Operation, Recorded, RunResult } from '../operation.ts';
import type { CompleteOutcome, CompleteRequest } from '../store.ts';
import { callUntil, isFinalStoreError, isFull, TimedCall } from '../support/store-call.ts';
import type { Attempt, EngineTools } from './attempt.ts';
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
  return claim.answer.attempt >= operation.settings.maxAttempts;
}

/**
 * Stores the result, or its tombstone. Each failed try is reported as an event; the caller only learns that nothing was
 * stored.
 */
export class CompleteCall extends TimedCall<CompleteOutcome, Recorded> {
  protected override readonly tools: EngineTools;
  override readonly dueAt: number;
  readonly #attempt: Attempt;
  readonly #request: CompleteRequest;

  constructor(
    attempt: Attempt,
    { result, tombstone }: Pick<RunResult, 'result' | 'tombstone'>,
    giveUpAt: number = attempt.lease.conclude(),
  ) {
    super();
    const { tools, owner, operation } = attempt;
    const { id, token } = owner;
    const { retentionMs } = operation.settings;
    this.tools = tools;
    this.dueAt = giveUpAt;
    this.#attempt = attempt;
    this.#request = { id, token, result, tombstone, retentionMs, notify: isWaitedFor(operation) };
  }

  protected override send(): Promise<CompleteOutcome> {
    return this.tools.store.complete(this.#request);
  }

  protected override accept(outcome: CompleteOutcome): Recorded | Promise<Recorded> {
    if (outcome === 'lost') return 'lost';
    const recorded = outcome === 'completed' && this.#request.result.kind === 'value' ? 'stored' : 'tombstone';
    return this.#attempt.mayHaveFinished ? this.#ifKept(recorded) : recorded;
  }

  protected override async failed(error: unknown): Promise<Recorded> {
    const { result, tombstone } = this.#request;
    const isFinal = result.kind === 'value' ? isFinalForValue : isFinalStoreError;
    try {
      return await this.accept(await this.again(error, this.#attempt.operation.name, 'complete', isFinal));
    } catch (last) {
      if (!isFull(last) || result.kind === 'tombstone') return 'unstored';
      // The tombstone may fit when the answer does not. It tells a retry that the operation is done.
      const shorter = { result: { kind: 'tombstone', bytes: tombstone }, tombstone } as const;
      return new CompleteCall(this.#attempt, shorter, this.dueAt).result();
    }
  }

  /**
   * A commit of `finish` that got no reply may have completed the record with another answer. That answer is the valid
   * one then.
   */
  async #ifKept(recorded: Recorded): Promise<Recorded> {
    const { id, result, tombstone } = this.#request;
    const { name } = this.#attempt.operation;
    try {
      const record = await callUntil(this.tools, this.dueAt, name, 'complete', () => this.tools.store.read(id));
      const kept = record?.result?.bytes;
      return [result.bytes, tombstone].some((bytes) => isSame(bytes, kept)) ? recorded : 'lost';
    } catch {
      return 'unstored';
    }
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

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}

const returningMicrotasks = 16;

/**
 * A handler that returns right after it has ended its response settles within a few microtasks: its record is released
 * before the answer is sent, so a retry finds it open.
 */
export async function untilReturned({ stillRunning }: RunResult): Promise<void> {
  for (let left = returningMicrotasks; left > 0 && stillRunning?.() !== undefined; left -= 1) await undefined;
}

/** Makes the record open for a retry. If it can't be released with everything known about it, it lapses. */
export async function releaseRecord(attempt: Attempt): Promise<Recorded> {
  try {
    if (attempt.claim.answer.tookOver) await attempt.noteDeadWorker();
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
