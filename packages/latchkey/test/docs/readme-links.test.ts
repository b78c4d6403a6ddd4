import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const readme = await readFile(new URL('README.md', root), 'utf8');

/** `[text](path "title")`, with the title where there is one. */
const links = Array.from(readme.matchAll(/\]\((?!https?:)([^)\s]+)(?: "([^"]+)")?\)/g), ([, path = '', title]) => ({
  path,
  title,
}));

it('the README links to files that are there', async () => {
  expect(links.length).toBeGreaterThan(20);
  for (const { path } of links) await expect(stat(new URL(path, root)), path).resolves.toBeDefined();
});

it('every cell of its comparison names a test of the linked file', async () => {
  const named = links.filter(({ title }) => title !== undefined);
  expect(named).toHaveLength(16);
  for (const { path, title } of named) expect(await readFile(new URL(path, root), 'utf8')).toContain(`'${title}'`);
});
