import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { profiles } from '../../src/conformance/claims.ts';
import { rows } from '../../src/conformance/rows/all.ts';
import { variants } from '../../src/conformance/template.ts';

const page = new URL('../../../../docs/conformance-tester.md', import.meta.url);

function rowTable(): string {
  const lines = rows.map(({ id, title, expected, source }) => {
    const text = typeof expected === 'string' ? expected : expected(profiles.ietf);
    return `| ${id} | ${title} | ${text.replaceAll('|', '\\|')} | ${source} |\n`;
  });
  return lines.join('');
}

function variantTable(): string {
  return Object.entries(variants)
    .map(([name, text]) => `| \`${name}\` | ${text} |\n`)
    .join('');
}

/** The page with the tables of the code, after their heads. */
function written(text: string): string {
  const head = (names: string) => new RegExp(`(\\| ${names} \\|\\n\\|[-|]+\\|\\n)(?:\\|.*\\n)*`);
  return text
    .replace(head('variant \\| a request that'), (_, start: string) => start + variantTable())
    .replace(head('row \\| requirement \\|.*\\| rule'), (_, start: string) => start + rowTable());
}

it('docs/conformance-tester.md has every row and every variant', () => {
  if (process.env['WRITE_PAGES'] !== undefined) writeFileSync(page, written(readFileSync(page, 'utf8')));
  const text = readFileSync(page, 'utf8');
  expect(text).toBe(written(text));
  expect(text).toContain(rowTable());
  expect(text).toContain(variantTable());
});
