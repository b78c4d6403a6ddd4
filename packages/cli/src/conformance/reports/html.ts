import type { Result } from '../grade.ts';
import { escaped, outcomeNames, type Report, summaryOf } from './report.ts';

const style = `
  :root { color-scheme: light dark; --line: #8886; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
  td:nth-child(2) { white-space: nowrap; font-weight: 600; }
  .passed td:nth-child(2) { color: light-dark(#116329, #6fdd8b); }
  .failed td:nth-child(2) { color: light-dark(#a40e26, #ff9492); }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .3rem 0 0; font-size: .9rem; }
  dd { margin: 0; overflow-wrap: anywhere; }
  footer { margin-top: 2rem; font-size: .9rem; }
`;

function detailsOf({ outcome, note, expected, source }: Result): string {
  const entries: [string, string][] = [];
  if (note !== undefined) entries.push([outcome === 'failed' ? 'seen' : 'reason', note]);
  entries.push(['expected', expected], ['rule', source]);
  return `<dl>${entries.map(([name, text]) => `<dt>${name}</dt><dd>${escaped(text)}</dd>`).join('')}</dl>`;
}

function rowOf(result: Result): string {
  const { row, title, outcome } = result;
  const cells = [row, outcomeNames[outcome], `${escaped(title)}${detailsOf(result)}`];
  return `<tr class="${outcome}">${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

/** The results as one HTML file that loads nothing else. */
export function htmlOf(report: Report): string {
  const { target, method, claims, counted, startedAt, durationMs, requests, results } = report;
  const facts = [
    `${startedAt}, ${(durationMs / 1_000).toFixed(1)} s, ${requests} requests`,
    `graded by the profile ${claims.profile}: ${claims.afterFailure} after a failure, ${claims.whenRunning} while running`,
    `executions ${counted === 'not counted' ? '' : 'counted '}${counted}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Idempotency of ${escaped(target)}</title>
<style>${style}</style>
</head>
<body>
<h1>Idempotency of ${escaped(`${method} ${target}`)}</h1>
<p><strong>${summaryOf(report)}</strong></p>
<ul>${facts.map((fact) => `<li>${escaped(fact)}</li>`).join('')}</ul>
<div class="scroll"><table>
<thead><tr><th>row</th><th>result</th><th>requirement</th></tr></thead>
<tbody>
${results.map(rowOf).join('\n')}
</tbody>
</table></div>
<footer>latchkey conformance</footer>
</body>
</html>
`;
}
