/**
 * Carries a verdict out, and finds out what became of it when the store's answer was lost.
 *
 * @module
 */

import type { Resolution, StoredRecord } from '../core/store.ts';
import { ask, type OperatorTools } from './tools.ts';
import { type EncodedVerdict, isOf, resolutionOf } from './verdict.ts';

/** What became of a verdict; see `AuditEvent`. */
export type VerdictOutcome = 'applied' | 'stale' | 'unclear';

/**
 * Asks the store to apply the verdict to the claim that the record shows.
 *
 * @throws StoreUnavailableError if the store gives no answer; the verdict may have been carried out then.
 */
export async function carryOut(
  tools: OperatorTools,
  record: StoredRecord,
  verdict: EncodedVerdict,
  retentionMs: number,
): Promise<VerdictOutcome> {
  const { id, token } = record;
  const resolution: Resolution = resolutionOf(verdict, retentionMs);
  let tries = 0;
  const applied = await ask(tools, 'resolve', () => {
    tries += 1;
    return tools.store.resolve({ id, token, resolution });
  });
  if (applied) return 'applied';
  // Only the repetition of a call without an answer can have been preceded by itself.
  return tries > 1 ? lookAfter(tools, record, verdict) : 'stale';
}

async function lookAfter(tools: OperatorTools, before: StoredRecord, verdict: EncodedVerdict): Promise<VerdictOutcome> {
  const now = await ask(tools, 'read', () => tools.store.read(before.id));
  return isResultOf(verdict, before, now) ? 'applied' : 'unclear';
}

function isResultOf({ summary }: EncodedVerdict, before: StoredRecord, now: StoredRecord | undefined): boolean {
  if (summary.kind === 'forget') return now?.operationId !== before.operationId;
  if (now?.operationId !== before.operationId) return false;
  if (summary.kind === 'rerun') return now.state === 'open' && now.token === before.token;
  return now.state === 'completed' && now.result?.kind === 'value' && isOf(summary, now.result.bytes);
}
