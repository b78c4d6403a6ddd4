/**
 * The error of a call that ended without the operation's answer.
 *
 * @module
 */

import { type ErrorCode, LatchkeyError } from '../core/errors.ts';

/** The state of a call that ended without an answer. */
export interface NoAnswerDetails {
  readonly operation: string;
  readonly attempts: number;
  readonly mayHaveHappened: boolean;
  readonly response?: Response;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The call ended without the operation's answer. Its codes:
 * - `retries-exhausted`: no attempts or no time left. The key is kept: calling again continues the same operation.
 * - `outcome-unknown`: the server's worker died during the operation. The key is kept; a person has to check
 *   the outcome.
 * - `key-quarantined`: the server was restored from a backup and may have lost this record. The key is kept; a
 *   person has to check the outcome.
 * - `in-progress`: it is still running, and the server asked for no more retries. The key is kept.
 * - `response-too-large`: the answer is longer than `maxResponseBytes`. The key is kept.
 * - `key-expired`: the stored key is older than `keyTtlMs`; nothing was sent. The key is kept until `forget`.
 * - `payload-changed`: the operation was sent with another payload, or is running in this page with another one, and
 *   its outcome is unknown; nothing was sent. Send the earlier request again, or call `forget`.
 * - `key-reused`: the server knows the key from a request with another payload. The key is kept, unless no earlier
 *   request used it.
 *
 * @example
 * ```ts
 * try {
 *   await pay('/v1/charges', { method: 'POST', body, operation: 'checkout:cart-81' })
 * } catch (error) {
 *   if (error instanceof NoAnswerError && error.code === 'retries-exhausted') showPayAgain()
 * }
 * ```
 */
export class NoAnswerError extends LatchkeyError {
  /** @internal */
  static override readonly classId = 'NoAnswerError';
  override readonly name = 'NoAnswerError';
  /** The name that the caller gave to the operation. */
  readonly operation: string;
  /** How many requests this call sent. */
  readonly attempts: number;
  /** False if every request of the operation was answered, and each answer proves that nothing was done. */
  readonly mayHaveHappened: boolean;
  /** The last response, if there was one; its body can be read. */
  readonly response: Response | undefined;

  constructor(code: ErrorCode, message: string, details: NoAnswerDetails) {
    const { operation, attempts, mayHaveHappened, response, ...rest } = details;
    super(code, message, rest);
    this.operation = operation;
    this.attempts = attempts;
    this.mayHaveHappened = mayHaveHappened;
    this.response = response;
  }
}
