import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inlineTexts } from '../../packages/latchkey/scripts/inline-texts.mjs';
import { quietly } from './process.mjs';
import { node24, root } from './root.mjs';

const library = `${root}/packages/latchkey`;
const stamp = `${root}/node_modules/.latchkey-sources`;

/**
 * @param {string} folder
 * @returns {string[]} files only, with full paths, sorted
 */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => resolve(entry.parentPath, entry.name))
    .sort();
}

function digestOfSources() {
  const hash = createHash('sha256');
  const settings = [
    `${root}/tsconfig.base.json`,
    `${library}/tsconfig.json`,
    `${library}/tsconfig.cjs.json`,
    ...filesIn(`${library}/scripts`),
    `${root}/node_modules/typescript/package.json`,
  ];
  for (const file of [...settings, ...filesIn(`${library}/src`)]) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} digest */
function isBuilt(digest) {
  return existsSync(`${library}/dist`) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

/** Compiles the library if its sources changed since the last time. */
export async function buildLibrary() {
  inlineTexts();
  const digest = digestOfSources();
  if (isBuilt(digest)) return;
  rmSync(stamp, { force: true });
  await quietly('Building the library', node24, [`${library}/scripts/build.mjs`]);
  writeFileSync(stamp, digest);
}
