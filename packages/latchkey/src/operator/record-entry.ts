/**
 * A record as a person reads it.
 *
 * @module
 */

import { derivedKey } from '../core/digest.ts';
import { stepProgress, stepValue } from '../core/step-progress.ts';
import type { AfterFailure, RecordState, StoredRecord } from '../core/store.ts';
import { decodeResponse } from '../http/snapshot.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { Proposal } from './proposals.ts';
import { kindOf, type RecordKind } from './record-kind.ts';

/** A step, and what to search for at the system that it called. */
export interface StepEntry {
  readonly name: string;
  /** The key that the step sends downstream, the same at every attempt. */
  readonly idempotencyKey: string;
}

/** A record in a list. Holds no body, no answer and no step's value. */
export interface RecordEntry {
  readonly id: string;
  /** Names the claim that this person saw; `resolve` fails once it is another. */
  readonly token: string;
  /** Method and path, or the function's name. */
  readonly operation: string;
  readonly kind: RecordKind;
  /** A digest of whom the operation acts for; `principalDigest` of `latchkey/engine` makes it from the identity. */
  readonly principal: string;
  readonly state: RecordState;
  /** Lapsed and claimed so often that no worker takes it over again. */
  readonly stuck: boolean;
  readonly policy: AfterFailure;
  /** How often it was claimed. */
  readonly attempt: number;
  readonly operationId: string;
  readonly createdAtMs: number;
  /** When the state last changed, by the store's clock. */
  readonly changedAtMs: number;
  /** The end of the lease; only while running or lapsed. */
  readonly leaseEndsAtMs?: number;
  /** When the record goes by itself. */
  readonly expiresAtMs: number;
  /** Steps that were saved, in their order. */
  readonly steps: readonly StepEntry[];
  /** Steps that were begun and not saved: look there first. Known only where `markStepStarts` is on. */
  readonly begun: readonly StepEntry[];
}

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

/** A record with everything that is known of it. May hold what is nobody else's business. */
export interface RecordDetails extends RecordEntry {
  readonly steps: readonly ShownStep[];
  readonly result?: ShownResult;
  /** What was asked, if the claim saved it. */
  readonly request?: Uint8Array;
  readonly audit: readonly AuditEntry[];
  /** Verdicts that wait for a second person. */
  readonly proposals: readonly Proposal[];
  /** Verdicts that were decided, and whose process died, or whose store gave no answer, before the outcome was known. */
  readonly unfinished: readonly AuditEntry[];
}

/** The view of a list. */
export function recordEntry(record: StoredRecord, maxAttempts: number): RecordEntry {
  const { id, token, operation, principal, state, policy, attempt, operationId } = record;
  const { createdAtMs, changedAtMs, leaseEndsAtMs, expiresAtMs } = record;
  const { saved, begun } = stepProgress(record.steps);
  const step = (name: string): StepEntry => ({ name, idempotencyKey: derivedKey(operationId, name) });
  return {
    id,
    token,
    operation,
    kind: kindOf(record),
    principal,
    state,
    stuck: state === 'lapsed' && attempt >= maxAttempts,
    policy,
    attempt,
    operationId,
    createdAtMs,
    changedAtMs,
    ...(leaseEndsAtMs !== undefined && { leaseEndsAtMs }),
    expiresAtMs,
    steps: [...saved.keys()].map(step),
    begun: begun.map(step),
  };
}

/** Values with their steps; one that can't be read must not hide the rest. */
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
