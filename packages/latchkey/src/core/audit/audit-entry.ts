/**
 * One line of the audit, and its form as bytes. Holds no key, no token, and of a response its status and digest alone.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import type { AfterFailure } from '../store.ts';
import { decodeValue, encodeValue } from '../support/codec.ts';
import { digestParts } from '../support/digest.ts';

/** A decision in the audit: nothing of a response but its status and a digest. */
export interface DecisionSummary {
  readonly kind: 'respond' | 'rerun' | 'forget';
  /** The status of a response, if a person gave it. */
  readonly status?: number;
  /** Of the decision as a whole, its bytes included. */
  readonly digest: string;
}

/** The digest of a decision; `bytes` are a response's as the record keeps them, and empty for the others. */
export function decisionDigest(kind: DecisionSummary['kind'], bytes: Uint8Array): string {
  return digestParts('verdict', kind, Buffer.from(bytes).toString('base64'));
}

/**
 * What happened:
 * - `proposed`, `withdrawn`: a decision that waits for a second person, and its end.
 * - `decided`: the decision is about to be carried out. Without one of the next three after it, the process died or the
 *   store gave no answer: whether the decision was carried out, the record's state tells.
 * - `applied`: the decision was carried out.
 * - `stale`: it was not, since the record had changed by then.
 * - `unclear`: the record has moved on, and both this decision and another's act explain how it is.
 * - `refused`: the act was not allowed; nothing was decided.
 */
export type AuditEvent = 'proposed' | 'withdrawn' | 'decided' | 'applied' | 'stale' | 'unclear' | 'refused';

/** Why an act was refused. */
export type RefusalReason = 'resolution-stale' | 'approval-by-proposer' | 'proposal-missing';

/** One line of the audit. */
export interface AuditEntry {
  /** When, by the clock of the process that wrote it; milliseconds since the epoch. */
  readonly atMs: number;
  readonly event: AuditEvent;
  /** Ties together the lines of one decision; it is the proposal's id too. */
  readonly decisionId: string;
  /** The record's id. */
  readonly id: string;
  /** `hook` if a `recover` hook of a route decided; absent if a person did. */
  readonly by?: 'hook';
  readonly who: string;
  readonly why: string;
  /** A digest of the token of the claim that the person saw, or under which the hook was asked. */
  readonly token: string;
  /** Absent where there is none: a refusal of something that was not found. */
  readonly decision?: DecisionSummary;
  /** The end of a proposal. */
  readonly untilMs?: number;
  readonly reason?: RefusalReason;
  /** What the record was then; absent if it was gone. */
  readonly record?: AuditedRecord;
}

/** What the audit keeps of a record. */
export interface AuditedRecord {
  readonly operation: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly policy: AfterFailure;
}

/** The audit names a claim, and doesn't hold its token: with that one could complete the record. */
export function tokenDigest(token: string): string {
  return digestParts('token', token);
}

const format = 1;

/** Format 1 names the decision's id `decision` and its summary `verdict`. */
export function encodeEntry({ decisionId, decision, ...entry }: AuditEntry): Uint8Array {
  return encodeValue({ format, ...entry, decision: decisionId, ...(decision && { verdict: decision }) });
}

interface StoredEntry extends Omit<AuditEntry, 'decisionId' | 'decision'> {
  readonly decision: string;
  readonly verdict?: DecisionSummary;
}

/** @throws LatchkeyError `record-unreadable`. */
export function decodeEntry(bytes: Uint8Array): AuditEntry {
  const value = decodeValue(bytes);
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === format) {
    const { format: _, decision: decisionId, verdict, ...entry } = value as StoredEntry & { format: unknown };
    return { ...entry, decisionId, ...(verdict && { decision: verdict }) };
  }
  throw new LatchkeyError('record-unreadable', "This version can't read the format of an audit entry.");
}
