/** The built pages and their links. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'node-html-parser';
import { folders } from '../../src/folders.ts';

/** One built page. */
export interface BuiltPage {
  /** As a browser asks for it: `/guides/cors`. */
  readonly path: string;
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
}

/** All pages of the built site. */
export function builtPages(): BuiltPage[] {
  const files = readdirSync(folders.built, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.html')).map(readPage);
}

function readPage(file: string): BuiltPage {
  const html = parse(readFileSync(join(folders.built, file), 'utf8'));
  const anchors = html.querySelectorAll('[id]').map((element) => element.id);
  const links = html.querySelectorAll('a[href]').map((element) => element.getAttribute('href') ?? '');
  return { path: `/${file.replace(/(^|\/)index\.html$|\.html$/, '$1')}`, anchors: new Set(anchors), links };
}

/** The links that lead nowhere, as `page → link`. Links to other sites are not followed. */
export function brokenLinks(pages: readonly BuiltPage[]): string[] {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  const files = new Set(readdirSync(folders.built, { recursive: true, encoding: 'utf8' }).map((file) => `/${file}`));
  return pages.flatMap((page) =>
    page.links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const { pathname, hash } = new URL(link, `http://site${page.path}`);
        const found = byPath.get(pathname) ?? byPath.get(`${pathname}/`);
        if (found === undefined) return !files.has(pathname);
        return hash !== '' && !found.anchors.has(decodeURIComponent(hash.slice(1)));
      })
      .map((link) => `${page.path} → ${link}`),
  );
}
