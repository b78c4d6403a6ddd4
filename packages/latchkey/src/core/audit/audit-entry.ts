/**
 * One entry of the audit, and its encoding. It contains no key and no token, and of a response only status and digest.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import type { AfterFailure } from '../store.ts';
import { decodeValue, encodeValue } from '../support/codec.ts';
import { digestParts } from '../support/digest.ts';

/** A decision in the audit, with only the status and digest of a response. */
export interface DecisionSummary {
  readonly kind: 'respond' | 'rerun' | 'forget';
  /** The status of a response, if a person gave it. */
  readonly status?: number;
  /** The digest of the whole decision, including its bytes. */
  readonly digest: string;
}

/** The digest of a decision; `bytes` are the encoded response, or empty for other decisions. */
export function decisionDigest(kind: DecisionSummary['kind'], bytes: Uint8Array): string {
  return digestParts('verdict', kind, Buffer.from(bytes).toString('base64'));
}

/**
 * The kind of an entry:
 * - `proposed`, `withdrawn`: a proposal was made for a second person, or withdrawn.
 * - `decided`: the decision is about to be carried out. If none of the next three entries follows, the process died or
 *   the store gave no answer, and the record's state tells whether the decision was carried out.
 * - `applied`: the decision was carried out.
 * - `stale`: the decision was not carried out, since the record had changed.
 * - `unclear`: the record has changed, and it can't be determined whether by this decision or by another act.
 * - `refused`: the act was not allowed; nothing was decided.
 * - `erasing`: all records of a principal are about to be removed. If no `erased` follows, some may be left.
 * - `erased`: they were removed.
 */
export type AuditEvent =
  | 'proposed'
  | 'withdrawn'
  | 'decided'
  | 'applied'
  | 'stale'
  | 'unclear'
  | 'refused'
  | 'erasing'
  | 'erased';

/** Why an act was refused. */
export type RefusalReason = 'resolution-stale' | 'approval-by-proposer' | 'proposal-missing';

/** One entry of the audit. */
export interface AuditEntry {
  /** When it was written, by the writing process's clock, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly event: AuditEvent;
  /** The same in all entries of one decision; also the proposal's id. */
  readonly decisionId: string;
  /** The record's id; for `erasing` and `erased` the principal's digest. */
  readonly id: string;
  /** `hook` if a `recover` hook of a route decided; absent if a person did. */
  readonly by?: 'hook';
  readonly who: string;
  readonly why: string;
  /** A digest of the token of the claim that the person saw, or under which the hook ran. Absent for an erasure. */
  readonly token?: string;
  /** Absent if a refused act found no decision. */
  readonly decision?: DecisionSummary;
  /** When a proposal lapses. */
  readonly untilMs?: number;
  readonly reason?: RefusalReason;
  /** The record at that time; absent if it did not exist. */
  readonly record?: AuditedRecord;
}

/** What the audit keeps of a record. */
export interface AuditedRecord {
  readonly operation: string;
  readonly operationId: string;
  readonly attempt: number;
  readonly policy: AfterFailure;
}

/** Identifies a claim without its token, with which the record could be completed. */
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
