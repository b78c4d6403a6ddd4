import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const readme = await readFile(new URL('README.md', root), 'utf8');

const paths = Array.from(readme.matchAll(/\]\((?!https?:)([^)\s#]+)[^)]*\)/g), ([, path = '']) => path);

it('the README links to existing files', async () => {
  expect(paths.length).toBeGreaterThan(20);
  for (const path of paths) await expect(stat(new URL(path, root)), path).resolves.toBeDefined();
});
