/**
 * Carries a verdict out, and finds out what became of it. A store's "no" alone doesn't tell: the answer to the call that
 * did it may have been lost, here or in the database's client, which repeats calls too.
 *
 * @module
 */

import type { AuditEntry } from '../core/audit/audit-entry.ts';
import { ask } from '../core/audit/audit-tools.ts';
import type { StoredRecord } from '../core/store.ts';
import { look, type OperatorTools } from './tools.ts';
import { type EncodedVerdict, isOf, resolutionOf } from './verdict.ts';

/** What became of a verdict; see `AuditEvent`. */
export type VerdictOutcome = 'applied' | 'stale' | 'unclear';

/**
 * Asks the store to apply the verdict to the claim that `before` shows.
 *
 * @param entries - reads the record's audit: whoever else could have done it has written that down before.
 * @throws StoreUnavailableError if the store gives no answer; the verdict may have been carried out then.
 */
export async function carryOut(
  tools: OperatorTools,
  before: StoredRecord,
  verdict: EncodedVerdict,
  retentionMs: number,
  entries: () => Promise<readonly AuditEntry[]>,
): Promise<VerdictOutcome> {
  const { id, token } = before;
  const resolution = resolutionOf(verdict, retentionMs);
  if (await ask(tools, 'resolve', () => tools.store.resolve({ id, token, resolution }))) return 'applied';
  const now = await look(tools, id);
  return outcomeFrom(verdict, before, now, await entries());
}

function outcomeFrom(
  verdict: EncodedVerdict,
  before: StoredRecord,
  now: StoredRecord | undefined,
  entries: readonly AuditEntry[],
): VerdictOutcome {
  const ofOperation = entries.filter(({ record }) => record?.operationId === before.operationId);
  if (isAsLeftBy(verdict, before, now)) return attributed(ofOperation, verdict, before.attempt);
  if (now?.operationId !== before.operationId) return wasForgotten(ofOperation) ? 'stale' : 'unclear';
  // A rerun opens the record for the next claim; a takeover is such a claim too.
  return verdict.summary.kind === 'rerun' && now.attempt > before.attempt ? 'unclear' : 'stale';
}

function isAsLeftBy({ summary }: EncodedVerdict, before: StoredRecord, now: StoredRecord | undefined): boolean {
  if (summary.kind === 'forget') return now?.operationId !== before.operationId;
  if (now?.operationId !== before.operationId) return false;
  if (summary.kind === 'rerun') return now.state === 'open' && now.attempt === before.attempt;
  return now.state === 'completed' && now.result?.kind === 'value' && isOf(summary, now.result.bytes);
}

function wasForgotten(ofOperation: readonly AuditEntry[]): boolean {
  return ofOperation.some(({ event, verdict }) => event === 'decided' && verdict?.kind === 'forget');
}

/**
 * Whose doing it is that a record is as wanted: this decision's, if no other one wanted the same. An operation is
 * answered or forgotten once, but may be rerun after every attempt.
 */
function attributed(ofOperation: readonly AuditEntry[], { summary }: EncodedVerdict, attempt: number): VerdictOutcome {
  const alike = ofOperation.filter(
    ({ verdict, record }) =>
      verdict?.digest === summary.digest && (summary.kind !== 'rerun' || record?.attempt === attempt),
  );
  if (alike.some(({ event }) => event === 'applied')) return 'stale';
  return alike.filter(({ event }) => event === 'decided').length > 1 ? 'unclear' : 'applied';
}
