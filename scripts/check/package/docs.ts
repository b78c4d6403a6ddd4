import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { root } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

/** Pages that the package does not have: those that are made when the site is built, and the site's start page. */
const isLeftOut = (file: string): boolean => file.startsWith('api/') || file === 'index.md';

function pagesOfRepository(): string[] {
  const files = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.md') && !isLeftOut(file)).map((file) => `docs/${file}`);
}

function brokenLinksIn(page: string, installed: Installed): string[] {
  const text = readFileSync(join(consumerOf(installed), 'node_modules/latchkey', page), 'utf8');
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const links = Array.from(prose.matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)/g), ([, link = '']) => link);
  return links.filter((link) => !installed.files.includes(posix.join(posix.dirname(page), link)));
}

/** The documentation is in the package, complete, with links that work there, and `npm pack` copies it. */
export function problemsInDocs(installed: Installed): string[] {
  const { prepack } = installed.manifest['scripts'] as { readonly prepack?: string };
  const pages = [...pagesOfRepository(), 'docs/llms.txt'];
  const present = pages.filter((page) => installed.files.includes(page));
  return [
    ...(prepack === 'node scripts/copy-docs.mjs' ? [] : ['prepack does not copy the documentation']),
    ...pages.filter((page) => !present.includes(page)).map((page) => `the package lacks ${page}`),
    ...installed.files
      .filter((file) => /^docs\/(api\/|.*\.png$)/.test(file))
      .map((file) => `the package ships ${file}`),
    ...present.flatMap((page) => brokenLinksIn(page, installed).map((link) => `${page} links to ${link}`)),
  ];
}
