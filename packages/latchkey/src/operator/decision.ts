/**
 * An operator's decision about a lapsed record, and its encoding for the store.
 *
 * @module
 */

import { type DecisionSummary, decisionDigest } from '../core/audit/audit-entry.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { Resolution } from '../core/store.ts';
import { type Codec, encodeValue } from '../core/support/codec.ts';
import { encodeFailure, encodeSuccess } from '../function/result.ts';
import type { Answer } from '../http/options.ts';
import { answerResponse } from '../http/response/answer.ts';
import { encodeResponse } from '../http/response/snapshot.ts';
import type { RecordKind } from './record-entry.ts';

/**
 * A decision about a lapsed record:
 * - `{ response }`, for a record of the HTTP layer: the answer of every retry. It is stored as given, also on a route
 *   with `response.reference`: don't put a secret into it.
 * - `{ value }`, for a record of `idempotent()`: the result of every further call. Pass the function's `codec`, if any.
 * - `{ failure }`, for a record of `idempotent()`: every further call throws `operation-failed` with it as the cause.
 * - `{ bytes }`, for a record of another layer on the engine: the result as that layer encodes it.
 * - `'rerun'`: the next request with the key runs, and resumes after the saved steps.
 * - `'forget'`: deletes the record; the next request with the key is a new operation with new downstream keys.
 */
export type Decision =
  | { readonly response: Answer }
  | { readonly value: unknown; readonly codec?: Codec<unknown> }
  | { readonly failure: Error }
  | { readonly bytes: Uint8Array }
  | 'rerun'
  | 'forget';

/** A decision in its stored form. */
export interface EncodedDecision {
  readonly summary: DecisionSummary;
  /** The result of a `respond`; empty otherwise. */
  readonly bytes: Uint8Array;
}

/** The limits of a decision. */
export interface DecisionLimits {
  readonly maxResponseBytes: number;
}

const noBytes = new Uint8Array();

function encoded(kind: DecisionSummary['kind'], bytes: Uint8Array = noBytes, status?: number): EncodedDecision {
  const summary = { kind, ...(status !== undefined && { status }), digest: decisionDigest(kind, bytes) };
  return { summary, bytes };
}

function unfit(decision: string, fits: RecordKind, kind: RecordKind): LatchkeyError | undefined {
  if (fits === kind) return undefined;
  return new LatchkeyError(
    'decision-unfit',
    `A decision with ${decision} needs a record of kind "${fits}"; got "${kind}". Nothing was changed.`,
  );
}

function checkFit(decision: Exclude<Decision, string>, kind: RecordKind): void {
  const [member, fits] =
    'response' in decision
      ? (['response', 'http'] as const)
      : 'value' in decision
        ? (['value', 'function'] as const)
        : 'failure' in decision
          ? (['failure', 'function'] as const)
          : (['bytes', 'other'] as const);
  const error = unfit(member, fits, kind);
  if (error !== undefined) throw error;
}

function encodeAnswer(answer: Answer): EncodedDecision {
  const response = answerResponse(answer);
  return encoded('respond', encodeResponse(response, Number.POSITIVE_INFINITY).result.bytes, response.status);
}

function encodeResult(decision: Exclude<Decision, string>): EncodedDecision {
  if ('response' in decision) return encodeAnswer(decision.response);
  if ('failure' in decision) return encoded('respond', encodeFailure(decision.failure));
  if ('bytes' in decision) return encoded('respond', decision.bytes);
  return encoded(
    'respond',
    encodeSuccess(decision.codec ? decision.codec.encode(decision.value) : encodeValue(decision.value)),
  );
}

/**
 * Encodes a decision for a record of this kind.
 *
 * @throws LatchkeyError `decision-unfit`, `value-invalid` (an answer that can't be sent or saved), `option-invalid`
 * (not a decision, or longer than the limit).
 */
export function encodeDecision(
  decision: Decision,
  kind: RecordKind,
  { maxResponseBytes }: DecisionLimits,
): EncodedDecision {
  if (decision === 'rerun' || decision === 'forget') return encoded(decision);
  if (!isObjectDecision(decision)) {
    throw new LatchkeyError(
      'option-invalid',
      "The decision must be { response }, { value }, { failure }, { bytes }, 'rerun' or 'forget'.",
    );
  }
  checkFit(decision, kind);
  const made = encodeResult(decision);
  if (made.bytes.length <= maxResponseBytes) return made;
  throw new LatchkeyError(
    'option-invalid',
    `The decision's answer must be at most maxResponseBytes (${maxResponseBytes}) long.`,
  );
}

function isObjectDecision(decision: unknown): boolean {
  if (typeof decision !== 'object' || decision === null) return false;
  const [name, ...others] = Object.keys(decision).filter((key) => key !== 'codec');
  return others.length === 0 && ['response', 'value', 'failure', 'bytes'].includes(name ?? '');
}

/** Whether these bytes match the summary's digest. */
export function isOf({ kind, digest }: DecisionSummary, bytes: Uint8Array): boolean {
  return decisionDigest(kind, bytes) === digest;
}

/** The store's resolution for a decision. */
export function resolutionOf({ summary, bytes }: EncodedDecision, retentionMs: number): Resolution {
  if (summary.kind === 'forget') return { decision: 'forget' };
  if (summary.kind === 'rerun') return { decision: 'rerun', retentionMs };
  return { decision: 'respond', result: { kind: 'value', bytes }, retentionMs };
}
