/**
 * Every error that reaches a user: one base class, one union of permanent codes, and a page for each.
 *
 * @module
 */

import { systemRuntime } from './runtime.ts';
import { isInstanceOfCopy, sharedByCopies } from './support/copies.ts';

/** Where the error pages are; a code's section is `${DOCS_URL}#${code}`. */
export const DOCS_URL = 'https://github.com/latchkey/latchkey/blob/main/docs/errors.md';

/** The permanent codes. They are never renamed and never reused. */
export const errorCodes = [
  'approval-by-proposer',
  'body-consumed',
  'body-not-replayable',
  'context-missing',
  'driver-missing',
  'encryption-key-missing',
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
 * The base of every error of the library.
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
  /** The page that explains it. */
  readonly docs: string;
  /** How long to wait before the next try, in milliseconds, where waiting helps. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(`${message} (${DOCS_URL}#${code})`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.docs = `${DOCS_URL}#${code}`;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Accepts what another copy of the library made. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class that the value is compared with, or one derived from it.
    return isInstanceOfCopy(this, value);
  }
}

/** The store could not answer, or is full. Thrown by stores; the handler has not run. */
export class StoreUnavailableError extends LatchkeyError {
  static override readonly classId = 'StoreUnavailableError';
  override readonly name = 'StoreUnavailableError';
  /** True if the store answered that it has no room: something shorter may still fit. */
  readonly full: boolean;

  constructor(message: string, options: { cause?: unknown; retryAfterMs?: number; full?: boolean } = {}) {
    super('store-unavailable', message, options);
    this.full = options.full ?? false;
  }
}

/** The reason of an aborted `context.signal`, and what a step throws then: the record is no longer this worker's. */
export class LeaseLostError extends LatchkeyError {
  static override readonly classId = 'LeaseLostError';
  override readonly name = 'LeaseLostError';
  constructor(message: string) {
    super('lease-lost', message);
  }
}

/**
 * The value of `Idempotency-Status` that only an error of this process carries: a guard trusts it although it comes by
 * way of the framework's error handler, and does not take the word of a service behind the handler for the handler's own.
 */
export function nothingHappenedMark(): string {
  // Not made while the module loads: some runtimes have no randomness then.
  const proof = sharedByCopies('nothing-happened', () => systemRuntime.random.uuid());
  return `nothing-happened;final=?0;proof="${proof}"`;
}

/**
 * Thrown by a handler to say that it did nothing, so that the record is released and a retry runs. (Under
 * `afterFailure: 'refuse'` not if a step was saved: something was done then, and the answer is kept.)
 *
 * It carries what web frameworks look for (status 503 and headers), so that an error handler which knows nothing of it
 * answers in a way that the guard understands. An error handler of your own has to send its `headers` too.
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
  readonly headers: Readonly<Record<string, string>>;

  /** @param retryAfterSeconds - whole seconds for the Retry-After field; 1 unless given. */
  constructor(message = 'Nothing was done. Send the request again.', retryAfterSeconds = 1) {
    super('nothing-happened', message, { retryAfterMs: retryAfterSeconds * 1000 });
    this.status = 503;
    this.statusCode = 503;
    this.headers = { 'retry-after': String(retryAfterSeconds), 'idempotency-status': nothingHappenedMark() };
  }

  /** The same as a Response, for frameworks that ask an error for one. */
  getResponse(): Response {
    return new Response(this.message, { status: this.status, headers: { ...this.headers } });
  }
}
