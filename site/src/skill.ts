/** The parts of `docs/skill/SKILL.md` that are taken from other pages. */

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { repositoryFiles } from '../../packages/latchkey/scripts/docs-links.mjs';
import { folders } from './folders.ts';

const marked = /^<!-- from (\S+?)(?:#(\S+))? -->\n[\s\S]*?^<!-- end -->$/gm;

/** Returns the text with its marked parts as the pages have them now. A part is a section of a page, without its heading. */
export function withParts(text: string): string {
  return text.replaceAll(marked, (_whole, page: string, anchor: string) => {
    const part = absoluteLinks(page, sectionOf(page, anchor));
    return `<!-- from ${page}#${anchor} -->\n${part}\n<!-- end -->`;
  });
}

/** A section up to the next heading. */
function sectionOf(page: string, anchor: string): string {
  const sections = readFileSync(join(folders.docs, page), 'utf8').split(/^#+ /m);
  const found = sections.find((section) => new GithubSlugger().slug(section.split('\n')[0] ?? '') === anchor);
  if (found === undefined) throw new Error(`docs/${page} has no section #${anchor}`);
  return found.slice(found.indexOf('\n')).trim();
}

/** The file is copied to other places, where only addresses work. */
function absoluteLinks(page: string, text: string): string {
  return text.replaceAll(/\]\((?![a-z]+:)([^)\s]+)(?: "[^"]*")?\)/g, (_whole, link: string) => {
    const path = link.startsWith('#') ? page + link : posix.join(posix.dirname(page), link);
    return `](${repositoryFiles}${posix.join('docs', path)})`;
  });
}
