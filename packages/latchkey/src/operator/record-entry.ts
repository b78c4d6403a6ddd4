/**
 * A record as a person reads it in a list.
 *
 * @module
 */

import { ownFingerprint } from '../core/audit/own-record.ts';
import { stepProgress } from '../core/steps/saved-step.ts';
import type { AfterFailure, RecordState, StoredRecord } from '../core/store.ts';
import { derivedKey, recordReference } from '../core/support/digest.ts';

/**
 * Who wrote a record and so reads its result: the HTTP layer, `idempotent()`, or another layer on the engine.
 */
export type RecordKind = 'http' | 'function' | 'other';

/** Fingerprints begin with their version (see core/support/digest.ts): a number, and `f` before a function's. */
export function kindOf({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): RecordKind {
  if (/^\d+k?\./.test(fingerprint)) return 'http';
  return /^f\d+k?\./.test(fingerprint) ? 'function' : 'other';
}

/** True for the audit's records and for proposed decisions, which are nobody's operation. */
export function isOwn({ fingerprint }: Pick<StoredRecord, 'fingerprint'>): boolean {
  return fingerprint === ownFingerprint;
}

/** A step, and what to search for at the system that it called. */
export interface StepEntry {
  readonly name: string;
  /** The key that the step sends downstream, the same at every attempt. */
  readonly idempotencyKey: string;
}

/** A record in a list. Holds no body, no answer and no step's value. */
export interface RecordEntry {
  readonly id: string;
  /** What problems and events name the record by; see `find`. */
  readonly reference: string;
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
  /** Steps that were begun and not saved: look there first. Known only where `steps.markStarts` is on. */
  readonly begun: readonly StepEntry[];
  /** True if the store could not open what the record keeps: its encryption key is missing, or it was changed. */
  readonly unreadable?: true;
}

/** The view of a list. */
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
