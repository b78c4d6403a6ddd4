/**
 * A record in a list.
 *
 * @module
 */

import { ownFingerprint } from '../core/audit/own-record.ts';
import { stepProgress } from '../core/steps/saved-step.ts';
import type { AfterFailure, RecordState, StoredRecord } from '../core/store.ts';
import { derivedKey, recordReference } from '../core/support/digest.ts';

/**
 * The layer that wrote a record: the HTTP layer, `idempotent()`, or another layer on the engine.
 */
export type RecordKind = 'http' | 'function' | 'other';

/** Fingerprints begin with their version (see core/support/digest.ts): a number, with the prefix `f` for functions. */
export function kindOf({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): RecordKind {
  if (/^\d+k?\./.test(fingerprint)) return 'http';
  return /^f\d+k?\./.test(fingerprint) ? 'function' : 'other';
}

/** True for internal records: audit entries and proposed decisions. */
export function isOwn({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): boolean {
  return fingerprint === ownFingerprint;
}

/** A step, and its key in the system that it called. */
export interface StepEntry {
  readonly name: string;
  /** The key that the step sends downstream, the same at every attempt. */
  readonly idempotencyKey: string;
}

/** A record in a list, without body, answer and step results. */
export interface RecordEntry {
  readonly id: string;
  /** The record's reference in error answers and events; see `find`. */
  readonly reference: string;
  /** Identifies the present claim; `resolve` fails after another claim. */
  readonly token: string;
  /** Method and path, or the function's name. */
  readonly operation: string;
  readonly kind: RecordKind;
  /** A digest of the principal, as made by `principalDigest` of `latchkey/engine`. */
  readonly principal: string;
  readonly state: RecordState;
  /** True if the record is lapsed and was claimed `maxAttempts` times: no worker takes it over again. */
  readonly stuck: boolean;
  readonly policy: AfterFailure;
  /** Number of claims. */
  readonly attempt: number;
  readonly operationId: string;
  readonly createdAtMs: number;
  /** When the state last changed, by the store's clock. */
  readonly changedAtMs: number;
  /** The end of the lease; only while running or lapsed. */
  readonly leaseEndsAtMs?: number;
  /** When the record expires. */
  readonly expiresAtMs: number;
  /** The saved steps, in order. */
  readonly steps: readonly StepEntry[];
  /** Steps that were begun but not saved; check these first. Only known with `steps.markStarts`. */
  readonly begun: readonly StepEntry[];
  /** True if the store could not decrypt the record: its encryption key is missing, or it was changed. */
  readonly unreadable?: true;
}

/** Converts a stored record to a list entry. */
export function recordEntry(record: StoredRecord, maxAttempts: number): RecordEntry {
  const { id, token, operation, principal, state, policy, attempt, operationId } = record;
  const { createdAtMs, changedAtMs, leaseEndsAtMs, expiresAtMs } = record;
  const { saved, begun } = stepProgress(record.steps);
  const step = (name: string): StepEntry => ({ name, idempotencyKey: derivedKey(operationId, name) });
  return {
    id,
    reference: recordReference(id),
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
    ...(record.unreadable && { unreadable: true }),
  };
}
