/**
 * Copies the pages of `docs/` into the package, so that they can be read where it is installed. Runs before the package
 * is packed.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portablePage } from './docs-links.mjs';

const source = fileURLToPath(new URL('../../../docs', import.meta.url));
const target = fileURLToPath(new URL('../docs', import.meta.url));

/** The API reference is made when the site is built; in the package the declarations have it. */
const isCopied = /^(?!api\/|index\.md$).*\.(md|svg|txt)$/;

rmSync(target, { recursive: true, force: true });
for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  const path = file.replaceAll('\\', '/');
  if (!isCopied.test(path)) continue;
  const text = readFileSync(join(source, file), 'utf8');
  mkdirSync(dirname(join(target, file)), { recursive: true });
  writeFileSync(join(target, file), path.endsWith('.md') ? portablePage(path, text) : text);
}
