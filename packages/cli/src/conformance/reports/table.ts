import type { Result } from '../grade.ts';
import { outcomeNames, type Report, summaryOf } from './report.ts';

const widest = Math.max(...Object.values(outcomeNames).map((name) => name.length));

function linesOf({ row, title, source, expected, outcome, note }: Result): string {
  const indent = ' '.repeat(widest + 8);
  const line = `${row.padEnd(5)} ${outcomeNames[outcome].padEnd(widest)}  ${title}`;
  if (outcome === 'passed' || note === undefined) return line;
  if (outcome !== 'failed') return `${line}\n${indent}${note}`;
  return `${line}\n${indent}seen:     ${note}\n${indent}expected: ${expected}\n${indent}rule:     ${source}`;
}

/** The results for a terminal. */
export function tableOf(report: Report): string {
  return `${report.results.map(linesOf).join('\n')}\n\n${summaryOf(report)}\n`;
}
