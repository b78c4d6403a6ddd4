/**
 * Grades a target, row by row.
 *
 * @module
 */

import { type Claims, conventions } from './claims.ts';
import type { Probe } from './probe.ts';
import type { Redact } from './redaction.ts';
import { Failed, type Outcome, type Row } from './row.ts';
import { TargetProcessError } from './target/target-process.ts';
import { Unanswered, Unreachable } from './target/wire.ts';
import type { Template } from './template.ts';

/** The result of one row. */
export interface Result {
  readonly row: Row['id'];
  readonly title: string;
  readonly source: string;
  readonly expected: string;
  readonly outcome: Outcome;
  /** What was seen if it failed, otherwise why it was not seen or does not apply. */
  readonly note?: string;
  readonly requests: number;
}

function expectationOf({ expected }: Row, claims: Claims): string {
  return typeof expected === 'string' ? expected : expected(claims);
}

/** The rule, and the convention's document where the expectation depends on it. */
function ruleOf({ source, expected }: Row, { profile }: Claims): string {
  const document = typeof expected === 'string' ? undefined : conventions[profile];
  return document === undefined ? source : `${source}; ${document}`;
}

/** The rows that apply to a target. */
export function applicable(rows: readonly Row[], claims: Claims, template: Template): readonly Row[] {
  return rows.filter((row) => row.excluded?.(claims, template) === undefined);
}

async function outcomeOf(row: Row, probe: Probe): Promise<Pick<Result, 'outcome' | 'note'>> {
  const reason = row.excluded?.(probe.claims, probe.template);
  if (reason !== undefined) return { outcome: 'not-applicable', note: reason };
  try {
    await row.check(probe);
    return { outcome: 'passed' };
  } catch (error) {
    // A row may make the target break the connection, or end.
    const broke = error instanceof Unanswered || error instanceof Unreachable || error instanceof TargetProcessError;
    if (error instanceof Failed || broke) return { outcome: 'failed', note: error.message };
    // Any other error, such as one of the counter, says nothing about the target, nor may it end the run.
    return { outcome: 'not-seen', note: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Grades every row.
 *
 * @param onRow - called with the number of rows that are graded.
 */
export async function grade(
  rows: readonly Row[],
  probe: Probe,
  redact: Redact,
  onRow: (done: number) => void,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const row of rows) {
    const before = probe.wire.sent;
    const { outcome, note } = await outcomeOf(row, probe);
    const result = {
      row: row.id,
      title: row.title,
      source: ruleOf(row, probe.claims),
      expected: expectationOf(row, probe.claims),
      outcome,
      ...(note !== undefined && { note: redact(note) }),
      requests: probe.wire.sent - before,
    };
    results.push(result);
    onRow(results.length);
  }
  return results;
}
