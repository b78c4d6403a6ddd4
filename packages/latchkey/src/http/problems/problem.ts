/**
 * The layer's own error answers (RFC 9457), before a dialect gives them their shape.
 *
 * @module
 */

import { DOCS_URL, type ErrorCode } from '../../core/errors.ts';

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
  /**
   * False if this is not the operation's own end: the operation may run, or be answered, later. A layer in front
   * doesn't keep such an answer.
   */
  readonly final: boolean;
  /** The record's public reference, for support: an operator finds the record by it. Absent before a record is looked up. */
  readonly reference?: string;
  /** Status and place of an answer whose body was not kept; with `response-not-kept` alone. */
  readonly original?: { readonly status: number; readonly location?: string };
}

/** The page of a code. */
export function problemType(code: ErrorCode): string {
  return `${DOCS_URL}#${code}`;
}
