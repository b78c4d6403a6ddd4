import type { Result } from '../grade.ts';
import type { Report } from './report.ts';

/** Escapes a text for an attribute, and leaves out the characters that XML 1.0 forbids. */
function escaped(text: string): string {
  const allowed = text.replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?');
  return allowed
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\n\r\t]/g, ' ');
}

function caseOf({ row, title, source, expected, outcome, note = '' }: Result): string {
  const head = `  <testcase classname="idempotency" name="${escaped(`${row} ${title}`)}"`;
  if (outcome === 'passed') return `${head}/>`;
  const message = escaped(note);
  const inner =
    outcome === 'failed'
      ? `<failure message="${message}">expected: ${escaped(expected)}; rule: ${escaped(source)}</failure>`
      : `<skipped message="${escaped(`${outcome.replace('-', ' ')}: `)}${message}"/>`;
  return `${head}>${inner}</testcase>`;
}

/** The results as JUnit XML. Rows that are not seen or not applicable are skipped test cases. */
export function junitOf({ target, results, totals, durationMs, startedAt }: Report): string {
  const skipped = totals['not-seen'] + totals['not-applicable'];
  const counts = `tests="${results.length}" failures="${totals.failed}" errors="0" skipped="${skipped}"`;
  const time = `time="${(durationMs / 1_000).toFixed(3)}" timestamp="${startedAt.replace(/\.\d+Z$/, '')}"`;
  const suite = `<testsuite name="${escaped(`idempotency of ${target}`)}" ${counts} ${time}>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n${results.map(caseOf).join('\n')}\n</testsuite>\n`;
}
