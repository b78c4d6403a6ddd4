/**
 * A record with all that its bytes say. What can't be read must not hide the rest: somebody has to decide about it.
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
import type { RecordEntry, StepEntry } from './record-entry.ts';
import { kindOf } from './record-entry.ts';

/** A saved step with what it returned. */
export interface ShownStep extends StepEntry {
  readonly value?: unknown;
  /** True if the value can't be read by this version. */
  readonly unreadable?: true;
}

/** What a completed record answers. */
export interface ShownResult {
  /** A tombstone says that the operation is done and its answer was not kept. */
  readonly kind: 'value' | 'tombstone';
  /** How long the stored form is. */
  readonly bytes: number;
  /** The status of an answer over HTTP. */
  readonly status?: number;
}

/** What was asked, as the layer that saved it reads it; `unreadable` if this version can't. */
export type ShownRequest =
  | ({ readonly kind: 'http' } & RequestContent)
  | { readonly kind: 'function'; readonly input: unknown }
  | { readonly kind: 'other'; readonly bytes: Uint8Array }
  | { readonly kind: 'unreadable' };

/** A record with everything that is known of it. May hold what is nobody else's business. */
export interface RecordDetails extends RecordEntry {
  readonly steps: readonly ShownStep[];
  readonly result?: ShownResult;
  /** What was asked, if the claim saved it; until the record is completed. */
  readonly request?: ShownRequest;
  readonly audit: readonly AuditEntry[];
  /** Decisions that wait for a second person. */
  readonly proposals: readonly Proposal[];
  /** Decisions that were decided, and whose process died, or whose store gave no answer, before the outcome was known. */
  readonly unfinished: readonly AuditEntry[];
}

/** Values with their steps. */
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
  try {
    return { result: kindOf(record) === 'http' ? { ...shown, status: decodeResponse(result.bytes).status } : shown };
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

/** What was asked. */
export function shownRequest(record: StoredRecord): { readonly request?: ShownRequest } {
  const { request } = record;
  if (request === undefined) return {};
  try {
    return { request: readRequest(record, request) };
  } catch {
    return { request: { kind: 'unreadable' } };
  }
}
