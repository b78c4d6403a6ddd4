/**
 * The error of a call that ended without the operation's answer.
 *
 * @module
 */

import { type ErrorCode, LatchkeyError } from '../core/errors.ts';

/** What is known about a call that ended without an answer. */
export interface NoAnswerDetails {
  readonly operation: string;
  readonly attempts: number;
  readonly mayHaveHappened: boolean;
  readonly response?: Response;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The call ended and nobody knows the operation's answer. Its codes:
 * - `retries-exhausted`: attempts or time ran out. The key is kept: calling again goes on with the same operation.
 * - `outcome-unknown`: the server says that its worker died in the middle. The key is kept; a person must look.
 * - `key-quarantined`: the server lost records in a restore, perhaps this one. The key is kept; a person must look.
 * - `in-progress`: it still runs, and the server asked not to be asked again. The key is kept.
 * - `response-too-large`: there is an answer, longer than `maxResponseBytes`. The key is kept.
 * - `key-expired`: the stored key is older than `keyTtlMs`; nothing was sent. The key is kept until `forget`.
 * - `payload-changed`: the operation was sent with another payload, or is running in this page with one, and its
 *   outcome is unknown; nothing was sent. Send the former request again, or call `forget`.
 * - `key-reused`: the server knows the key from a request with another payload. The key is kept, unless no earlier
 *   request used it.
 *
 * @example
 * ```ts
 * catch (error) {
 *   if (error instanceof NoAnswerError && error.code === 'retries-exhausted') showPayAgain()
 * }
 * ```
 */
export class NoAnswerError extends LatchkeyError {
  /** @internal */
  static override readonly classId = 'NoAnswerError';
  override readonly name = 'NoAnswerError';
  /** As the caller named it. */
  readonly operation: string;
  /** How many requests this call sent. */
  readonly attempts: number;
  /** False if every request of the operation was answered, and each answer says that nothing was done. */
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
