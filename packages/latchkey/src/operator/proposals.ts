/**
 * What a record's audit says about its decisions: which proposals are open, and which verdicts have no outcome.
 *
 * @module
 */

import type { AuditEntry, AuditEvent } from '../core/audit/audit-entry.ts';
import type { VerdictSummary } from '../core/audit/verdict-summary.ts';

/** A verdict that waits for a second person. */
export interface Proposal {
  /** What `approve` and `withdraw` name it by. */
  readonly proposal: string;
  readonly who: string;
  readonly why: string;
  readonly atMs: number;
  /** When it lapses. */
  readonly untilMs: number;
  readonly verdict: VerdictSummary;
}

const ends: ReadonlySet<AuditEvent> = new Set(['withdrawn', 'applied', 'stale', 'unclear']);
const outcomes: ReadonlySet<AuditEvent> = new Set(['applied', 'stale', 'unclear']);

function proposalOf({ decision, who, why, atMs, untilMs, verdict }: AuditEntry): Proposal | undefined {
  if (untilMs === undefined || verdict === undefined) return undefined;
  return { proposal: decision, who, why, atMs, untilMs, verdict };
}

/**
 * The proposals that a second person may still approve, for the claim whose token has this digest. One that was approved
 * by somebody whose process died then is among them, so that it can be approved again.
 */
export function openProposals(entries: readonly AuditEntry[], token: string, nowMs: number): readonly Proposal[] {
  const ended = new Set(entries.filter(({ event }) => ends.has(event)).map(({ decision }) => decision));
  return entries
    .filter((entry) => entry.event === 'proposed' && entry.token === token && !ended.has(entry.decision))
    .flatMap((entry) => proposalOf(entry) ?? [])
    .filter(({ untilMs }) => untilMs > nowMs);
}

/** Verdicts that were decided and have no outcome. */
export function unfinishedDecisions(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  const finished = new Set(entries.filter(({ event }) => outcomes.has(event)).map(({ decision }) => decision));
  return entries.filter(({ event, decision }) => event === 'decided' && !finished.has(decision));
}
