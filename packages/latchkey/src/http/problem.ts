/**
 * The layer's own error answers (RFC 9457), before a dialect gives them their shape.
 *
 * @module
 */

import { DOCS_URL, type ErrorCode } from '../core/errors.ts';

/** An error answer of the layer. */
export interface Problem {
  /** The permanent code. */
  readonly code: ErrorCode;
  readonly status: number;
  /** A few words, the same for every occurrence. */
  readonly title: string;
  /** What to do next. */
  readonly detail: string;
  /** The page that explains it. */
  readonly type: string;
  /** Whole seconds, at least 1, where waiting helps. */
  readonly retryAfterSeconds?: number;
}

/** The page of a code. */
export function problemType(code: ErrorCode): string {
  return `${DOCS_URL}#${code}`;
}
