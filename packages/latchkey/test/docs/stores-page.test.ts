import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';

const address = new URL('../../../../docs/stores.md', import.meta.url);
const page = await readFile(address, 'utf8');

/** `[text](path "title")`, with the title where there is one. */
const links = Array.from(page.matchAll(/\]\((?!https?:)([^)\s]+)(?: "([^"]+)")?\)/g), ([, path = '', title]) => ({
  path,
  title,
}));

it('the page of stores links to what is there, and to the tests that it names', async () => {
  const proofs = links.filter(({ title }) => title !== undefined);
  expect(proofs.length).toBeGreaterThan(50);
  for (const { path } of links.filter(({ path }) => !path.startsWith('#')))
    await expect(stat(new URL(path, address)), path).resolves.toBeDefined();
  for (const { path, title } of proofs) expect(await readFile(new URL(path, address), 'utf8'), path).toContain(title);
});

it('the page of stores links to its own sections', () => {
  const sections = Array.from(
    page.matchAll(/^## (.+)$/gm),
    ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
  );
  const wanted = links.map(({ path }) => path).filter((path) => path.startsWith('#'));
  expect(wanted.length).toBeGreaterThan(5);
  for (const section of wanted) expect(sections).toContain(section);
});
