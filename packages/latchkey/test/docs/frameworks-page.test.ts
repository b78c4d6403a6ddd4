import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellOf, declaredResults, tableOf } from '../conformance/matrix.ts';
import { elsewhere } from '../conformance/rows.ts';

const root = new URL('../../../../', import.meta.url);
const page = new URL('docs/frameworks.md', root);
const folder = new URL('docs/frameworks/', root);

it('docs/frameworks.md has the matrix of the tests that exist', () => {
  const text = readFileSync(page, 'utf8');
  // The table ends with the list of its reasons.
  const written = text.replace(/^\| row \|[\s\S]*?\n\n(?:\d+\. .*\n)+/m, () => `${tableOf(declaredResults())}\n`);
  if (process.env['WRITE_PAGES'] !== undefined) writeFileSync(page, written);
  expect(written).toContain('| R91 |');
  expect(readFileSync(page, 'utf8')).toBe(written);
});

it('the matrix shows a test that failed, and one that did not run', () => {
  const declared = declaredResults();
  const results = new Map(declared);
  results.set(cellOf('node', 'redis', 'R5'), 'failed');
  results.delete(cellOf('node', 'sqlite', 'R5'));
  expect(tableOf(declared, results)).toMatch(/^\| R5 \| [^|]* \| FAILED on sqlite, redis \| yes /m);
  expect(tableOf(declared, results, ['postgres'])).not.toContain('FAILED');
});

it('a row without a test needs a reason', () => {
  const declared = new Map(declaredResults());
  declared.delete(cellOf('node', 'redis', 'R5'));
  expect(() => tableOf(declared)).toThrow('R5 has no test on node × redis, and no reason.');
});

it('a row outside of the adapter suite names a test that covers it', () => {
  for (const [row, { test }] of Object.entries(elsewhere))
    if (test !== undefined) expect(readFileSync(new URL(test, root), 'utf8'), test).toMatch(new RegExp(`\\b${row}\\b`));
});

describe.each(readdirSync(folder))('docs/frameworks/%s', (name) => {
  const address = new URL(name, folder);
  const text = readFileSync(address, 'utf8');

  it('has at most 40 lines, and is linked from docs/frameworks.md', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect(readFileSync(page, 'utf8')).toContain(`(frameworks/${name})`);
  });

  it('links to existing files, and to the tests that it names', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)\s#]+)[^)\s]*(?: "([^"]+)")?\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [, path = '', title] of links) {
      expect(existsSync(new URL(path, address)), path).toBe(true);
      if (title !== undefined) expect(readFileSync(new URL(path, address), 'utf8')).toContain(title);
    }
  });
});
