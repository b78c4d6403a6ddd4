/** What the site changes in the Markdown of the pages. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress';
import { repositoryAddress } from '../../packages/latchkey/scripts/docs-links.mjs';
import { folders } from './folders.ts';

/** Links to files outside of `docs/` go to the repository. */
export function linkToRepository(md: MarkdownRenderer): void {
  md.core.ruler.push('link-to-repository', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      const address = link === null ? undefined : repositoryAddress((env as MarkdownEnv).relativePath, link);
      if (address !== undefined) token.attrSet('href', address);
    }
  });
}

/** Diagrams become part of the page, so that they follow its colours. Their own colours are for other readers. */
export function inlineDiagrams(md: MarkdownRenderer): void {
  const image = md.renderer.rules.image;
  md.renderer.rules.image = (tokens, index, options, env: MarkdownEnv, self) => {
    const source = tokens[index]?.attrGet('src') ?? '';
    if (!source.endsWith('.svg')) return image?.(tokens, index, options, env, self) ?? '';
    const file = join(folders.docs, dirname(env.relativePath), source);
    return readFileSync(file, 'utf8').replace(/<style>[\s\S]*?<\/style>\s*/, '');
  };
}

/** A table that is wider than the screen scrolls, by the keyboard too. An empty head becomes a plain cell. */
export function accessibleTables(md: MarkdownRenderer): void {
  md.renderer.rules['table_open'] = () => '<div class="table" tabindex="0">\n<table>\n';
  md.renderer.rules['table_close'] = () => '</table>\n</div>\n';
  md.core.ruler.push('empty-heads', ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'th_open' || tokens[index + 1]?.content !== '') continue;
      for (const cell of [token, tokens[index + 2]]) if (cell !== undefined) cell.tag = 'td';
    }
  });
}
