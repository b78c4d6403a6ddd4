/**
 * The links of the pages in `docs/` to other files of the repository. The pages are also read where those files are
 * missing: in the package and on the site.
 *
 * @module
 */

import { posix } from 'node:path';

/** The repository's address on its main branch. */
export const repositoryFiles = 'https://github.com/latchkey/latchkey/blob/main/';

/** Files of `docs/` that the package and the site have too. */
const isPublished = /\.(?:md|svg|png|txt)(?:#.*)?$/;

/**
 * Returns the address of a link to a file that only the repository has, and undefined for any other link.
 *
 * @param {string} page the page's path in `docs/`
 * @param {string} link as it is written in the page
 */
export function repositoryAddress(page, link) {
  if (/^(?:[a-z]+:|#|\/)/i.test(link)) return undefined;
  const path = posix.join('docs', posix.dirname(page), link);
  return path.startsWith('docs/') && isPublished.test(path) ? undefined : repositoryFiles + path;
}

/**
 * Returns a page whose links work where the repository's other files are missing.
 *
 * @param {string} page the page's path in `docs/`
 * @param {string} markdown
 */
export function portablePage(page, markdown) {
  // Code blocks are left as they are.
  const parts = markdown.split(/^(```[\s\S]*?^```$)/m);
  const texts = parts.map((part, index) =>
    index % 2 === 1
      ? part
      : part.replaceAll(/\]\(([^)\s]+)/g, (whole, link) => {
          const address = repositoryAddress(page, link);
          return address === undefined ? whole : `](${address}`;
        }),
  );
  return texts.join('');
}
