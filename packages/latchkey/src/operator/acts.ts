/**
 * A person's act on a record, and its audit entries.
 *
 * @module
 */

import { type AuditEntry, type AuditEvent, type RefusalReason, tokenDigest } from '../core/audit/audit-entry.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { StoredRecord } from '../core/store.ts';
import type { Person } from './person.ts';

/** The members that all entries of an act have. */
export type Act = Pick<AuditEntry, 'id' | 'decisionId' | 'record' | 'who' | 'why'> &
  Required<Pick<AuditEntry, 'token'>>;

const refusals: Record<RefusalReason, string> = {
  'approval-by-proposer': 'The person who proposed a decision cannot approve it. Nothing was changed.',
  'proposal-missing': 'This record has no such open proposal for this token. Nothing was changed.',
  'resolution-stale': 'The record is no longer lapsed under this token. Nothing was changed. Look at it again.',
};

/** An act on a record, or on an id without a record. */
export function actOn(
  { id, token }: { readonly id: string; readonly token: string },
  { who, why }: Person,
  decisionId: string,
  record: StoredRecord | undefined,
): Act {
  const act = { id, token: tokenDigest(token), decisionId, who, why };
  if (record === undefined) return act;
  const { operation, operationId, attempt, policy } = record;
  return { ...act, record: { operation, operationId, attempt, policy } };
}

/** An audit entry of an act. */
export function line(
  act: Act,
  event: AuditEvent,
  atMs: number,
  more: Pick<AuditEntry, 'decision' | 'untilMs' | 'reason'> = {},
): AuditEntry {
  return { atMs, event, ...act, ...more };
}

/** The error of an act that was refused. */
export function refusal(reason: RefusalReason): LatchkeyError {
  return new LatchkeyError(reason, refusals[reason]);
}
