/** Builds the site: the API reference, which is part of its pages, the pages, and their Markdown. */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'vitepress';
import { portablePage } from '../../packages/latchkey/scripts/docs-links.mjs';
import { writeApi } from './api.ts';
import { folders } from './folders.ts';
import { pages } from './pages.ts';

const skill = 'skill/SKILL.md';

/** Writes the site to `site/dist`. */
export async function buildSite(): Promise<void> {
  const reference = join(folders.docs, 'api');
  rmSync(reference, { recursive: true, force: true });
  await writeApi(reference);
  await build(folders.site);
  writeMarkdown();
}

/** `llms.txt` and the pages that it lists. */
function writeMarkdown(): void {
  cpSync(join(folders.docs, 'llms.txt'), join(folders.built, 'llms.txt'));
  for (const file of [skill, ...pages().flatMap((section) => section.pages.map((page) => page.file))]) {
    const target = join(folders.built, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, portablePage(file, readFileSync(join(folders.docs, file), 'utf8')));
  }
}
