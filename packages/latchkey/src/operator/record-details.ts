/**
 * A record with its decoded contents. Unreadable parts must not hide the others, since a person has to decide about it.
 *
 * @module
 */

import type { AuditEntry } from '../core/audit/audit-entry.ts';
import { stepProgress, stepValue } from '../core/steps/saved-step.ts';
import type { StoredRecord } from '../core/store.ts';
import { decodeValue } from '../core/support/codec.ts';
import { derivedKey } from '../core/support/digest.ts';
import { decodeRequest, type RequestContent } from '../http/request/saved-request.ts';
import { decodeResponse } from '../http/response/snapshot.ts';
import type { Proposal } from './proposals.ts';
import { kindOf, type RecordEntry, type StepEntry } from './record-entry.ts';

/** A saved step with its result. */
export interface ShownStep extends StepEntry {
  readonly value?: unknown;
  /** True if this version can't read the value. */
  readonly unreadable?: true;
}

/** The result of a completed record, without its content. */
export interface ShownResult {
  /** A tombstone means that the operation is done and its answer was not kept. */
  readonly kind: 'value' | 'tombstone';
  /** Size of the stored form in bytes. */
  readonly bytes: number;
  /** The status of an answer over HTTP. */
  readonly status?: number;
  /** What the route's `response.reference` returned: the body of the answer is not stored. */
  readonly reference?: unknown;
}

/** The decoded request; `unreadable` if this version can't read it. */
export type ShownRequest =
  | ({ readonly kind: 'http' } & RequestContent)
  | { readonly kind: 'function'; readonly input: unknown }
  | { readonly kind: 'other'; readonly bytes: Uint8Array }
  | { readonly kind: 'unreadable' };

/** A record with all its contents, which may include personal data. */
export interface RecordDetails extends RecordEntry {
  readonly steps: readonly ShownStep[];
  readonly result?: ShownResult;
  /** The request, if the claim saved it, until the record is completed. */
  readonly request?: ShownRequest;
  readonly audit: readonly AuditEntry[];
  /** Decisions that need a second person's approval. */
  readonly proposals: readonly Proposal[];
  /** Decisions without a recorded outcome, because the process died or the store gave no answer. */
  readonly unfinished: readonly AuditEntry[];
}

/** The saved steps with their results. */
export function shownSteps(record: StoredRecord): readonly ShownStep[] {
  return [...stepProgress(record.steps).saved].map(([name, bytes]): ShownStep => {
    const step = { name, idempotencyKey: derivedKey(record.operationId, name) };
    try {
      return { ...step, value: stepValue(bytes) };
    } catch {
      return { ...step, unreadable: true };
    }
  });
}

/** The result without its content. */
export function shownResult(record: StoredRecord): { readonly result?: ShownResult } {
  const { result } = record;
  if (result === undefined) return {};
  const shown = { kind: result.kind, bytes: result.bytes.length };
  if (kindOf(record) !== 'http') return { result: shown };
  try {
    const { status, isReference, body } = decodeResponse(result.bytes);
    const hasReference = isReference === true && result.kind === 'value';
    return {
      result: { ...shown, status, ...(hasReference && { reference: JSON.parse(Buffer.from(body).toString()) }) },
    };
  } catch {
    return { result: shown };
  }
}

function readRequest(record: StoredRecord, bytes: Uint8Array): ShownRequest {
  switch (kindOf(record)) {
    case 'http':
      return { kind: 'http', ...decodeRequest(bytes) };
    case 'function':
      return { kind: 'function', input: decodeValue(bytes) };
    case 'other':
      return record.unreadable ? { kind: 'unreadable' } : { kind: 'other', bytes };
  }
}

/** The decoded request. */
export function shownRequest(record: StoredRecord): { readonly request?: ShownRequest } {
  const { request } = record;
  if (request === undefined) return {};
  try {
    return { request: readRequest(record, request) };
  } catch {
    return { request: { kind: 'unreadable' } };
  }
}
