/**
 * Reads from a record's audit which proposals are open and which decisions have no outcome.
 *
 * @module
 */

import type { AuditEntry, AuditEvent, DecisionSummary } from '../core/audit/audit-entry.ts';
import { readOwn, writeOnce } from '../core/audit/own-record.ts';
import type { StoredRecord } from '../core/store.ts';
import { digestParts } from '../core/support/digest.ts';
import { type EncodedDecision, isOf } from './decision.ts';
import type { OperatorTools } from './tools.ts';

const noBytes = new Uint8Array();

function idOf(proposal: string): string {
  return digestParts('proposed verdict', proposal);
}

/** Keeps a proposed decision. It belongs to the record's principal and is erased with it. */
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

/** The exact bytes of a proposed decision; undefined if they no longer exist. */
export async function keptDecision(
  tools: OperatorTools,
  { proposal, decision: summary }: Proposal,
): Promise<EncodedDecision | undefined> {
  const bytes = summary.kind === 'respond' ? await readOwn(tools, idOf(proposal)) : noBytes;
  return bytes !== undefined && isOf(summary, bytes) ? { summary, bytes } : undefined;
}

/** A decision that needs a second person's approval. */
export interface Proposal {
  /** The id to pass to `approve` and `withdraw`. */
  readonly proposal: string;
  readonly who: string;
  readonly why: string;
  readonly atMs: number;
  /** When it lapses, in milliseconds since the epoch. */
  readonly untilMs: number;
  readonly decision: DecisionSummary;
}

const ends: ReadonlySet<AuditEvent> = new Set(['withdrawn', 'applied', 'stale', 'unclear']);
const outcomes: ReadonlySet<AuditEvent> = new Set(['applied', 'stale', 'unclear']);

function proposalOf({ decisionId, who, why, atMs, untilMs, decision }: AuditEntry): Proposal | undefined {
  if (untilMs === undefined || decision === undefined) return undefined;
  return { proposal: decisionId, who, why, atMs, untilMs, decision };
}

/**
 * The proposals that a second person may still approve, for the claim whose token has this digest. They include a
 * proposal whose approving process died, so that it can be approved again.
 */
export function openProposals(entries: readonly AuditEntry[], token: string, nowMs: number): readonly Proposal[] {
  const ended = new Set(entries.filter(({ event }) => ends.has(event)).map(({ decisionId }) => decisionId));
  return entries
    .filter((entry) => entry.event === 'proposed' && entry.token === token && !ended.has(entry.decisionId))
    .flatMap((entry) => proposalOf(entry) ?? [])
    .filter(({ untilMs }) => untilMs > nowMs);
}

/** The decisions that have no outcome. */
export function unfinishedDecisions(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  const finished = new Set(entries.filter(({ event }) => outcomes.has(event)).map(({ decisionId }) => decisionId));
  return entries.filter(({ event, decisionId }) => event === 'decided' && !finished.has(decisionId));
}
