import type { Result } from '../grade.ts';
import { escaped, type Report } from './report.ts';

/** Escapes a text for an attribute, and replaces the characters that XML 1.0 forbids. */
function attribute(text: string): string {
  return escaped(text.replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?')).replaceAll(/[\n\r\t]/g, ' ');
}

function caseOf({ row, title, source, expected, outcome, note = '' }: Result): string {
  const head = `  <testcase classname="idempotency" name="${attribute(`${row} ${title}`)}"`;
  if (outcome === 'passed') return `${head}/>`;
  const message = attribute(note);
  const inner =
    outcome === 'failed'
      ? `<failure message="${message}">expected: ${attribute(expected)}; rule: ${attribute(source)}</failure>`
      : `<skipped message="${attribute(`${outcome.replace('-', ' ')}: `)}${message}"/>`;
  return `${head}>${inner}</testcase>`;
}

/** The results as JUnit XML. Rows that are not seen or not applicable are skipped test cases. */
export function junitOf({ target, results, totals, durationMs, startedAt }: Report): string {
  const skipped = totals['not-seen'] + totals['not-applicable'];
  const counts = `tests="${results.length}" failures="${totals.failed}" errors="0" skipped="${skipped}"`;
  const time = `time="${(durationMs / 1_000).toFixed(3)}" timestamp="${startedAt.replace(/\.\d+Z$/, '')}"`;
  const suite = `<testsuite name="${attribute(`idempotency of ${target}`)}" ${counts} ${time}>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n${results.map(caseOf).join('\n')}\n</testsuite>\n`;
}
