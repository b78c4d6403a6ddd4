import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folders } from '../src/folders.ts';
import { llmsText } from '../src/llms.ts';
import { pages } from '../src/pages.ts';
import { withParts } from '../src/skill.ts';
import { allPages } from './kit/code-blocks.ts';

const listed = pages().flatMap((section) => section.pages);

/** Compares a file with what it is made of; `WRITE_PAGES=1` writes it. */
function expectMade(file: string, make: (present: string) => string): void {
  const path = join(folders.docs, file);
  if (process.env['WRITE_PAGES'] !== undefined)
    writeFileSync(path, make(readFileSync(path, { encoding: 'utf8', flag: 'a+' })));
  const present = readFileSync(path, 'utf8');
  expect(present).toBe(make(present));
}

it('the sidebar lists every page once', () => {
  const files = listed.map(({ file }) => file);
  expect([...files, 'index.md', 'skill/SKILL.md'].sort()).toEqual(allPages());
});

it('docs/llms.txt lists every page of the sidebar', () => {
  expectMade('llms.txt', llmsText);
});

it('docs/skill/SKILL.md has its parts as the pages have them', () => {
  expectMade('skill/SKILL.md', withParts);
});

it('a part of the skill whose section is missing is an error', () => {
  expect(() => withParts('<!-- from steps.md#none -->\n<!-- end -->')).toThrow('docs/steps.md has no section #none');
});
