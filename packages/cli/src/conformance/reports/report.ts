/** A finished run, for every form of report. */

import type { Claims } from '../claims.ts';
import type { Result } from '../grade.ts';
import type { Outcome } from '../row.ts';

/** A run and its results. Nothing in it contains credentials. */
export interface Report {
  /** The target's URL, without values of its query. */
  readonly target: string;
  readonly method: string;
  readonly claims: Claims;
  readonly counted: 'by a counter' | 'by a member of the answers' | 'not counted';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly requests: number;
  readonly totals: Readonly<Record<Outcome, number>>;
  readonly results: readonly Result[];
}

/** How each outcome is shown. */
export const outcomeNames: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  'not-seen': 'not seen',
  'not-applicable': 'not applicable',
};

/** Escapes a text for HTML and XML, also inside an attribute. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The number of rows of each outcome. */
export function totalsOf(results: readonly Result[]): Report['totals'] {
  const count = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    'not-seen': count('not-seen'),
    'not-applicable': count('not-applicable'),
  };
}

/** The totals in one line. */
export function summaryOf({ totals }: Report): string {
  const { passed, failed } = totals;
  const rest = `${totals['not-seen']} not seen, ${totals['not-applicable']} not applicable`;
  return `${passed} passed, ${failed} failed, ${rest}`;
}
