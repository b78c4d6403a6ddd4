import type { Output } from '../../invocation.ts';
import { printable, styled } from '../../terminal/text.ts';
import type { Result } from '../grade.ts';
import { outcomeNames, type Report, summaryOf } from './report.ts';

const styles = { passed: 'green', failed: 'red', 'not-seen': 'yellow', 'not-applicable': 'dim' } as const;
const widest = Math.max(...Object.values(outcomeNames).map((name) => name.length));
const indent = ' '.repeat(widest + 7);

function linesOf(stdout: Output, { row, title, source, expected, outcome, note }: Result): readonly string[] {
  const name = styled(stdout, styles[outcome], outcomeNames[outcome].padEnd(widest));
  const line = `${row.padEnd(4)}  ${name} ${title}`;
  if (note === undefined) return [line];
  // Parts of a note come from the target.
  const shown = printable(note);
  if (outcome !== 'failed') return [line, `${indent}${shown}`];
  return [line, `${indent}seen:     ${shown}`, `${indent}expected: ${expected}`, `${indent}rule:     ${source}`];
}

/** The results for a terminal. */
export function tableOf(report: Report, stdout: Output): readonly string[] {
  return [...report.results.flatMap((result) => linesOf(stdout, result)), '', summaryOf(report)];
}
