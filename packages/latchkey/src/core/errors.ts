/**
 * All public errors: one base class, one union of permanent codes, and a page for each code.
 *
 * @module
 */

import { systemRuntime } from './runtime.ts';
import { isInstanceOfCopy, sharedByCopies } from './support/copies.ts';

/** The errors page; a code's section is `${DOCS_URL}#${code}`. */
export const DOCS_URL = 'https://github.com/latchkey/latchkey/blob/main/docs/errors.md';

/** The permanent codes, which are never renamed and never reused. */
export const errorCodes = [
  'approval-by-proposer',
  'body-consumed',
  'body-not-replayable',
  'context-missing',
  'driver-missing',
  'encryption-key-missing',
  'field-shared',
  'guard-before-authentication',
  'guard-mounted-twice',
  'in-progress',
  'key-expired',
  'key-invalid',
  'key-missing',
  'key-quarantined',
  'key-reused',
  'lease-lost',
  'memory-store-in-production',
  'message-name-reused',
  'message-too-large',
  'nothing-happened',
  'operation-failed',
  'option-invalid',
  'option-unknown',
  'outbox-unsupported',
  'outcome-unknown',
  'payload-changed',
  'principal-invalid',
  'principal-missing',
  'principal-unstable',
  'proposal-missing',
  'rebuild-failed',
  'record-unreadable',
  'replay-forbidden',
  'request-incomplete',
  'request-too-large',
  'resolution-stale',
  'resolution-unclear',
  'response-not-kept',
  'response-too-large',
  'retries-exhausted',
  'schema-mismatch',
  'schema-missing',
  'shutting-down',
  'step-name-invalid',
  'step-name-reused',
  'step-too-large',
  'steps-changed',
  'store-unavailable',
  'too-many-steps',
  'transaction-asynchronous',
  'transaction-ended-early',
  'transaction-unsupported',
  'value-invalid',
  'decision-unfit',
] as const;

/** A permanent code. */
export type ErrorCode = (typeof errorCodes)[number];

/**
 * The base class of every error of the library.
 *
 * @example
 * ```ts
 * try { await charge(order) } catch (error) {
 *   if (error instanceof LatchkeyError && error.code === 'in-progress') return retryLater()
 *   throw error
 * }
 * ```
 */
export class LatchkeyError extends Error {
  /** @internal */
  static readonly classId: string = 'LatchkeyError';
  override readonly name: string = 'LatchkeyError';
  /** The permanent code. */
  readonly code: ErrorCode;
  /** The URL of the code's documentation. */
  readonly docs: string;
  /** How long to wait before the next try, in milliseconds; undefined if waiting does not help. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(`${message} (${DOCS_URL}#${code})`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.docs = `${DOCS_URL}#${code}`;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Accepts errors of another copy of the library. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right side of `instanceof`.
    return isInstanceOfCopy(this, value);
  }
}

/**
 * The store could not answer, or is full. If a claim fails with it, the handler did not run. A step that throws it may
 * have run without being saved.
 */
export class StoreUnavailableError extends LatchkeyError {
  static override readonly classId = 'StoreUnavailableError';
  override readonly name = 'StoreUnavailableError';
  /** True if the store has no space left; a shorter value may still fit. */
  readonly full: boolean;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number; full?: boolean } = {}) {
    super('store-unavailable', message, options);
    this.full = options.full ?? false;
  }
}

/** The reason of an aborted `context.signal`, also thrown by steps: this worker no longer owns the record. */
export class LeaseLostError extends LatchkeyError {
  static override readonly classId = 'LeaseLostError';
  override readonly name = 'LeaseLostError';
  constructor(message: string) {
    super('lease-lost', message);
  }
}

/**
 * The `Idempotency-Status` of a {@link NothingHappenedError}. It contains a value that only this process knows, so that
 * a guard recognizes the error after the framework's error handler, and does not mistake a downstream service's header
 * for it.
 */
export function nothingHappenedMark(): string {
  // Not created while the module loads, because some runtimes have no randomness at that time.
  const proof = sharedByCopies('nothing-happened', () => systemRuntime.random.uuid());
  return `nothing-happened;final=?0;proof="${proof}"`;
}

/**
 * Thrown by a handler that did nothing: the record is released, and a retry runs. Exception: under
 * `afterFailure: 'refuse'` the answer is kept if a step was saved.
 *
 * The error has the status (503) and headers that web frameworks use, so that their error handlers send an answer that
 * the guard recognizes. Your own error handler must send its `headers` too.
 *
 * @example
 * ```ts
 * if (!(await terminal.isOnline())) throw new NothingHappenedError('the terminal is offline')
 * ```
 */
export class NothingHappenedError extends LatchkeyError {
  static override readonly classId = 'NothingHappenedError';
  override readonly name = 'NothingHappenedError';
  readonly status: number;
  readonly statusCode: number;
  /** False, as in http-errors: the frameworks that know this member do not send the message. */
  readonly expose = false;
  readonly headers: Readonly<Record<string, string>>;

  /** @param retryAfterSeconds - whole seconds for the Retry-After header. Default 1. */
  constructor(message = 'Nothing was done. Send the request again.', retryAfterSeconds = 1) {
    super('nothing-happened', message, { retryAfterMs: retryAfterSeconds * 1000 });
    this.status = 503;
    this.statusCode = 503;
    this.headers = { 'retry-after': String(retryAfterSeconds), 'idempotency-status': nothingHappenedMark() };
  }

  /** The error as a `Response`, for frameworks such as Hono that call this method. */
  getResponse(): Response {
    return new Response(this.message, { status: this.status, headers: { ...this.headers } });
  }
}
