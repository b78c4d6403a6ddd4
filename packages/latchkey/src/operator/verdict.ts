/**
 * What an operator decides about a lapsed record, and the form in which a store takes it.
 *
 * @module
 */

import { type VerdictSummary, verdictDigest } from '../core/audit/verdict-summary.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { Resolution } from '../core/store.ts';
import { type Codec, encodeValue } from '../core/support/codec.ts';
import { encodeFailure, encodeSuccess } from '../function/result.ts';
import type { Answer } from '../http/options.ts';
import { answerResponse } from '../http/response/answer.ts';
import { encodeResponse } from '../http/response/snapshot.ts';
import type { RecordKind } from './record-kind.ts';

/**
 * A decision about a lapsed record:
 * - `{ response }`, for a record of the HTTP layer: every retry gets it as the answer.
 * - `{ value }`, for a record of `idempotent()`: every further call gets it; `codec` as in the function's options.
 * - `{ failure }`, for the same: every further call throws `operation-failed` with it as the cause.
 * - `{ bytes }`, for a record of another layer on the engine: the result as that layer encodes it.
 * - `'rerun'`: the next request with the key runs, and resumes after the saved steps.
 * - `'forget'`: the record goes, and the next request with the key is a new operation with new downstream keys.
 */
export type Verdict =
  | { readonly response: Answer }
  | { readonly value: unknown; readonly codec?: Codec<unknown> }
  | { readonly failure: Error }
  | { readonly bytes: Uint8Array }
  | 'rerun'
  | 'forget';

/** A verdict in the form that a record keeps. */
export interface EncodedVerdict {
  readonly summary: VerdictSummary;
  /** The result of a `respond`; empty otherwise. */
  readonly bytes: Uint8Array;
}

/** What limits a verdict. */
export interface VerdictLimits {
  readonly maxResponseBytes: number;
}

const noBytes = new Uint8Array();

function encoded(kind: VerdictSummary['kind'], bytes: Uint8Array = noBytes, status?: number): EncodedVerdict {
  const summary = { kind, ...(status !== undefined && { status }), digest: verdictDigest(kind, bytes) };
  return { summary, bytes };
}

function unfit(verdict: string, fits: RecordKind, kind: RecordKind): LatchkeyError | undefined {
  if (fits === kind) return undefined;
  return new LatchkeyError(
    'decision-unfit',
    `A verdict with ${verdict} fits a record of kind "${fits}"; this one is of kind "${kind}". Nothing was changed.`,
  );
}

function checkFit(verdict: Exclude<Verdict, string>, kind: RecordKind): void {
  const [member, fits] =
    'response' in verdict
      ? (['response', 'http'] as const)
      : 'value' in verdict
        ? (['value', 'function'] as const)
        : 'failure' in verdict
          ? (['failure', 'function'] as const)
          : (['bytes', 'other'] as const);
  const error = unfit(member, fits, kind);
  if (error !== undefined) throw error;
}

function encodeAnswer(answer: Answer): EncodedVerdict {
  const response = answerResponse(answer);
  return encoded('respond', encodeResponse(response).snapshot, response.status);
}

function encodeResult(verdict: Exclude<Verdict, string>): EncodedVerdict {
  if ('response' in verdict) return encodeAnswer(verdict.response);
  if ('failure' in verdict) return encoded('respond', encodeFailure(verdict.failure));
  if ('bytes' in verdict) return encoded('respond', verdict.bytes);
  return encoded(
    'respond',
    encodeSuccess(verdict.codec ? verdict.codec.encode(verdict.value) : encodeValue(verdict.value)),
  );
}

/**
 * Encodes a verdict for a record of this kind.
 *
 * @throws LatchkeyError `decision-unfit`, `value-invalid` (an answer that can't be sent or saved), `option-invalid`
 * (what is no verdict, or is longer than the limit).
 */
export function encodeVerdict(verdict: Verdict, kind: RecordKind, { maxResponseBytes }: VerdictLimits): EncodedVerdict {
  if (verdict === 'rerun' || verdict === 'forget') return encoded(verdict);
  if (!isObjectVerdict(verdict)) {
    throw new LatchkeyError(
      'option-invalid',
      "The verdict must be { response }, { value }, { failure }, { bytes }, 'rerun' or 'forget'.",
    );
  }
  checkFit(verdict, kind);
  const made = encodeResult(verdict);
  if (made.bytes.length <= maxResponseBytes) return made;
  throw new LatchkeyError(
    'option-invalid',
    `The verdict's answer is longer than maxResponseBytes (${maxResponseBytes}).`,
  );
}

function isObjectVerdict(verdict: unknown): boolean {
  if (typeof verdict !== 'object' || verdict === null) return false;
  const [name, ...others] = Object.keys(verdict).filter((key) => key !== 'codec');
  return others.length === 0 && ['response', 'value', 'failure', 'bytes'].includes(name ?? '');
}

/** Whether these bytes are the ones that the summary speaks of. */
export function isOf({ kind, digest }: VerdictSummary, bytes: Uint8Array): boolean {
  return verdictDigest(kind, bytes) === digest;
}

/** What the store is asked to do. */
export function resolutionOf({ summary, bytes }: EncodedVerdict, retentionMs: number): Resolution {
  if (summary.kind === 'forget') return { decision: 'forget' };
  if (summary.kind === 'rerun') return { decision: 'rerun', retentionMs };
  return { decision: 'respond', result: { kind: 'value', bytes }, retentionMs };
}
