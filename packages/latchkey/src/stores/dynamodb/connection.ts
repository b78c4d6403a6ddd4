/**
 * Calls of the client under a bound, with errors that say what they mean for the caller.
 *
 * @module
 */

import { LatchkeyError, StoreUnavailableError } from '../../core/errors.ts';
import { type Runtime, sleep } from '../../core/runtime.ts';
import { type BackoffLimits, backoffMs } from '../../core/support/backoff.ts';
import type { CallOptions, FoundItem } from './client.ts';

/** How often a call is made that a transaction on the same item keeps refusing. */
const conflictTries = 5;

const conflictBackoff: BackoffLimits = { baseMs: 20, capMs: 200 };

/** What a refused conditional write found instead; undefined if there was no item. */
export interface Refused {
  readonly found: FoundItem | undefined;
}

/** Makes calls until `close`. */
export class Calls {
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  #closed = false;

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a call.
   *
   * @throws StoreUnavailableError whatever the client throws; LatchkeyError as it is.
   */
  async make<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    try {
      return await this.attempt(call);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Makes a conditional write, and says what was there if it was refused. */
  async write<T>(call: (options: CallOptions) => Promise<T>): Promise<{ readonly done: T } | Refused> {
    try {
      return { done: await this.attempt(call) };
    } catch (error) {
      if (nameOf(error) !== 'ConditionalCheckFailedException') throw unavailable(error);
      return { found: itemOf(error) };
    }
  }

  /** Makes a call and throws what the client throws, unless waiting a moment helps. */
  async attempt<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#bounded(call);
      } catch (error) {
        if (!isConflict(error) || retry + 1 >= conflictTries) throw error;
        await sleep(this.#runtime.timers, backoffMs(retry, conflictBackoff, this.#runtime.random));
      }
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #bounded<T>(call: (options: CallOptions) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError('The DynamoDB store was closed.');
    const controller = new AbortController();
    const timer = this.#runtime.timers.set(() => controller.abort(), this.#timeoutMs);
    try {
      return await call({ abortSignal: controller.signal });
    } finally {
      this.#runtime.timers.clear(timer);
    }
  }
}

/** The error for what the client threw. */
export function unavailable(error: unknown): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  const name = nameOf(error);
  const hint = hints[name] ?? '';
  const options = { cause: error, full: isFull(error) };
  return new StoreUnavailableError(`DynamoDB did not answer as it should: ${name}.${hint}`, options);
}

/** Whether the item would become longer than DynamoDB's items may be. */
function isFull(error: unknown): boolean {
  return nameOf(error) === 'ValidationException' && error instanceof Error && /\bitem size\b/i.test(error.message);
}

const hints: Readonly<Record<string, string>> = {
  ResourceNotFoundException: ' Create the table with the definition that tableDefinition() gives.',
  AbortError: ' The call took longer than callTimeoutMs.',
};

/** What the SDK calls an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** Why each write of a cancelled transaction failed, in order; empty for any other error. */
export function cancellationsOf(error: unknown): readonly { readonly code: string; readonly found?: FoundItem }[] {
  if (nameOf(error) !== 'TransactionCanceledException') return [];
  const reasons: unknown = Reflect.get(Object(error), 'CancellationReasons');
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: unknown) => {
    const found = itemOf(reason);
    return { code: String(Reflect.get(Object(reason), 'Code')), ...(found !== undefined && { found }) };
  });
}

const passingCodes = ['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/** Whether a transaction was cancelled for reasons that pass. */
export function isPassing(error: unknown): boolean {
  const codes = cancellationsOf(error).map(({ code }) => code);
  return codes.length > 0 && codes.every((code) => passingCodes.includes(code));
}

function isConflict(error: unknown): boolean {
  return nameOf(error) === 'TransactionConflictException' || isPassing(error);
}

function itemOf(holder: unknown): FoundItem | undefined {
  const item: unknown = Reflect.get(Object(holder), 'Item');
  return typeof item === 'object' && item !== null ? { ...item } : undefined;
}
