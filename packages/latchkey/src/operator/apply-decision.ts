/**
 * Carries a decision out and determines its outcome. A refusal by the store alone is not conclusive: an earlier call
 * may have succeeded with its answer lost, here or in the database's client, which also retries.
 *
 * @module
 */

import type { AuditEntry } from '../core/audit/audit-entry.ts';
import { ask } from '../core/audit/own-record.ts';
import type { StoredRecord } from '../core/store.ts';
import { type EncodedDecision, isOf, resolutionOf } from './decision.ts';
import { look, type OperatorTools } from './tools.ts';

/** The outcome of a decision; see `AuditEvent`. */
export type DecisionOutcome = 'applied' | 'stale' | 'unclear';

/**
 * Asks the store to apply the decision to the claim that `before` shows.
 *
 * @param entries - reads the record's audit, in which every other possible cause was recorded first.
 * @throws StoreUnavailableError if the store gives no answer; the decision may have been carried out.
 */
export async function carryOut(
  tools: OperatorTools,
  before: StoredRecord,
  decision: EncodedDecision,
  retentionMs: number,
  entries: () => Promise<readonly AuditEntry[]>,
): Promise<DecisionOutcome> {
  const { id, token } = before;
  const resolution = resolutionOf(decision, retentionMs);
  if (await ask(tools, 'resolve', () => tools.store.resolve({ id, token, resolution }))) return 'applied';
  const now = await look(tools, id);
  return outcomeFrom(decision, before, now, await entries());
}

function outcomeFrom(
  decision: EncodedDecision,
  before: StoredRecord,
  now: StoredRecord | undefined,
  entries: readonly AuditEntry[],
): DecisionOutcome {
  const ofOperation = entries.filter(({ record }) => record?.operationId === before.operationId);
  if (isAsLeftBy(decision, before, now)) return attributed(ofOperation, decision, before.attempt);
  if (now?.operationId !== before.operationId) return wasForgotten(ofOperation) ? 'stale' : 'unclear';
  // A rerun opens the record for the next claim, and a takeover also counts as a claim.
  return decision.summary.kind === 'rerun' && now.attempt > before.attempt ? 'unclear' : 'stale';
}

function isAsLeftBy({ summary }: EncodedDecision, before: StoredRecord, now: StoredRecord | undefined): boolean {
  if (summary.kind === 'forget') return now?.operationId !== before.operationId;
  if (now?.operationId !== before.operationId) return false;
  if (summary.kind === 'rerun') return now.state === 'open' && now.attempt === before.attempt;
  return now.state === 'completed' && now.result?.kind === 'value' && isOf(summary, now.result.bytes);
}

function wasForgotten(ofOperation: readonly AuditEntry[]): boolean {
  return ofOperation.some(({ event, decision }) => event === 'decided' && decision?.kind === 'forget');
}

/**
 * Whether the record's state is due to this decision: it is if no other decision had the same effect. An operation is
 * answered or forgotten only once, but may be rerun after every attempt.
 */
function attributed(
  ofOperation: readonly AuditEntry[],
  { summary }: EncodedDecision,
  attempt: number,
): DecisionOutcome {
  const alike = ofOperation.filter(
    ({ decision, record }) =>
      decision?.digest === summary.digest && (summary.kind !== 'rerun' || record?.attempt === attempt),
  );
  if (alike.some(({ event }) => event === 'applied')) return 'stale';
  return alike.filter(({ event }) => event === 'decided').length > 1 ? 'unclear' : 'applied';
}
