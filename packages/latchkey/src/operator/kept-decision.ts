/**
 * The answer of a proposed decision, kept beside the audit until somebody approves it: the audit holds no bodies.
 *
 * @module
 */

import { readOwn, writeOnce } from '../core/audit/own-record.ts';
import type { StoredRecord } from '../core/store.ts';
import { digestParts } from '../core/support/digest.ts';
import { type EncodedDecision, isOf } from './decision.ts';
import type { Proposal } from './proposals.ts';
import type { OperatorTools } from './tools.ts';

const noBytes = new Uint8Array();

function idOf(proposal: string): string {
  return digestParts('proposed verdict', proposal);
}

/** It belongs to the record's principal, and is erased with it. */
export async function keepDecision(
  tools: OperatorTools,
  proposal: string,
  { principal }: StoredRecord,
  { summary, bytes }: EncodedDecision,
  retentionMs: number,
): Promise<void> {
  if (summary.kind !== 'respond') return;
  const record = { id: idOf(proposal), principal, operation: 'latchkey:proposal', retentionMs };
  await writeOnce(tools, record, () => bytes);
}

/** The decision that was proposed, to the byte; undefined if it is gone. */
export async function keptDecision(
  tools: OperatorTools,
  { proposal, decision: summary }: Proposal,
): Promise<EncodedDecision | undefined> {
  const bytes = summary.kind === 'respond' ? await readOwn(tools, idOf(proposal)) : noBytes;
  return bytes !== undefined && isOf(summary, bytes) ? { summary, bytes } : undefined;
}
