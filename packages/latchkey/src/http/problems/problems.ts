/**
 * All error answers of the layer.
 *
 * @module
 */

import { DOCS_URL, type ErrorCode, type LatchkeyError } from '../../core/errors.ts';
import { isFinalCode, type ProblemCode } from '../../protocol/problem-codes.ts';

/** An error answer of the layer. */
export interface Problem {
  /** The permanent code. */
  readonly code: ErrorCode;
  readonly status: number;
  /** A short title, the same for every occurrence. */
  readonly title: string;
  /** What to do next. */
  readonly detail: string;
  /** The URL of the page that explains the problem. */
  readonly type: string;
  /** Whole seconds, at least 1, if waiting helps. */
  readonly retryAfterSeconds?: number;
  /**
   * False if the operation may still run or be answered later. A layer upstream doesn't keep such an answer.
   */
  readonly final: boolean;
  /** The public reference of the record, which operators use to find it. Absent if no record was read yet. */
  readonly reference?: string;
  /** Status and Location of an answer whose body was not kept; only with `response-not-kept`. */
  readonly original?: { readonly status: number; readonly location?: string };
}

/** The page of a code. */
function problemType(code: ErrorCode): string {
  return `${DOCS_URL}#${code}`;
}

interface Entry {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/**
 * The reasons for these statuses:
 * - `response-not-kept` is 410: the operation is done, and repeating the request never helps. A 2xx would present an
 *   empty body as the answer; 409 and 5xx invite retries.
 * - `principal-missing` is 400, not 401: the layer can't know which challenge the application would send.
 * - `principal-unstable` is 500: the server uses `principal: 'authorization'`, but its clients send tokens that change.
 *   No client can fix that.
 */
const entries = {
  'key-missing': {
    status: 400,
    title: 'Idempotency-Key is missing',
    detail: 'This operation needs an Idempotency-Key header. Send a new random key, and the same key with every retry.',
  },
  'key-invalid': { status: 400, title: 'Idempotency-Key is not valid', detail: 'Send a valid key.' },
  'key-reused': {
    status: 422,
    title: 'Idempotency-Key was used for another request',
    detail: 'The key was used for a request with another payload. Send this request with a new key.',
  },
  'request-too-large': {
    status: 413,
    title: 'Request body is too large',
    detail: 'The body is longer than this operation accepts. Nothing was done.',
  },
  'request-incomplete': {
    status: 400,
    title: 'Request body is incomplete',
    detail: 'The connection ended before the body was read. Nothing was done. Send the request again.',
  },
  'in-progress': {
    status: 409,
    title: 'A request with this key is in progress',
    detail: 'The first request with this key is still running. Send it again later with the same key.',
  },
  'outcome-unknown': {
    status: 409,
    title: 'The outcome of this request is unknown',
    detail:
      'The first request stopped before its end and is not rerun automatically. Ask the operator; do not use a new key.',
  },
  'key-quarantined': {
    status: 409,
    title: 'The key is older than a restored backup',
    detail: 'The request may have been carried out since the backup. Ask the operator; do not use a new key.',
  },
  'response-not-kept': {
    status: 410,
    title: 'The request was carried out; its response was not kept',
    detail: 'The operation is done and will not run again, but its response body could not be kept.',
  },
  'replay-forbidden': {
    status: 403,
    title: 'Access to the stored response is denied',
    detail: 'The request was carried out, but this caller may not see the response.',
  },
  'store-unavailable': {
    status: 503,
    title: 'The idempotency store is not available',
    detail: "The request can't be protected now. Send it again later with the same key.",
  },
  'shutting-down': {
    status: 503,
    title: 'The server is shutting down',
    detail: 'Nothing was done. Send the request again with the same key.',
  },
  'operation-failed': {
    status: 500,
    title: 'The operation failed',
    detail: 'An unexpected error stopped the operation.',
  },
  'nothing-happened': {
    status: 503,
    title: 'Nothing was done',
    detail: 'The operation did not start. Send the request again with the same key.',
  },
  'rebuild-failed': {
    status: 503,
    title: 'The response is not available',
    detail: 'The operation is done. Send the request again with the same key.',
  },
  'record-unreadable': {
    status: 500,
    title: 'The record of this request is unreadable',
    detail:
      "This server can't read the record of this key, so the outcome of the request is unknown. Nothing was run again. Ask the operator; do not use a new key.",
  },
  'encryption-key-missing': {
    status: 500,
    title: 'An encryption key is missing',
    detail: 'The record of this request is encrypted with a key that this server does not have. Nothing was run again.',
  },
  'body-consumed': {
    status: 500,
    title: 'The request body was read before the guard',
    detail:
      'Mount the guard before the code that reads the body, or after a parser that sets request.body to plain data.',
  },
  'guard-before-authentication': {
    status: 500,
    title: 'The guard found no principal',
    detail: 'The principal function must return a non-empty string. Mount the guard after authentication.',
  },
  'principal-invalid': {
    status: 500,
    title: 'The principal is not a string',
    detail: 'The principal function must return a string, such as String(user.id).',
  },
  'guard-mounted-twice': {
    status: 500,
    title: 'The guard is mounted twice',
    detail:
      "One request went through the same guard twice. Mount it once; use guard.with() for a route's own settings.",
  },
  'principal-missing': {
    status: 400,
    title: 'The request has no principal',
    detail: 'A request with an Idempotency-Key needs one Authorization header.',
  },
  'principal-unstable': {
    status: 500,
    title: "The credentials can't be used as principal",
    detail:
      "This server uses principal: 'authorization', but its clients send credentials that change between retries (such as a JWT), so a retry would run again. Set principal to a function that returns the account. Nothing was run.",
  },
} as const satisfies Record<ProblemCode, Entry>;

/** The parts that differ between occurrences. */
export type Occurrence = Partial<Pick<Problem, 'detail' | 'retryAfterSeconds' | 'original'>>;

/** Creates a problem. */
export function problem(code: ProblemCode, occurrence: Occurrence = {}): Problem {
  return { code, type: problemType(code), final: isFinalCode(code), ...entries[code], ...occurrence };
}

/** Whole seconds for Retry-After, at least 1. */
export function retryAfterSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

/** Errors of the record or its encryption keys, which a retry can't fix. */
function isRecordFault(code: ErrorCode): code is 'record-unreadable' | 'encryption-key-missing' {
  return code === 'record-unreadable' || code === 'encryption-key-missing';
}

/** Returns the problem for a store that could not answer, or a record that could not be read. */
export function unavailable({ code, retryAfterMs }: LatchkeyError): Problem {
  if (isRecordFault(code)) return problem(code);
  const known = code === 'shutting-down' ? code : 'store-unavailable';
  return problem(known, { retryAfterSeconds: retryAfterSeconds(retryAfterMs ?? 0) });
}
