import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
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

/** A renamed or removed source must not live on in the package. */
function removeLeftOvers() {
  for (const file of filesIn(`${library}/dist`)) {
    const source = file.replace(`${library}/dist`, `${library}/src`).replace(/(\.d\.ts|\.js)$/, '.ts');
    if (!existsSync(source)) rmSync(file);
  }
}

/** Compiles the library if its sources changed since the last time. */
export async function buildLibrary() {
  const digest = digestOfSources();
  if (isBuilt(digest)) return;
  rmSync(stamp, { force: true });
  await quietly('Building the library', node24, [`${root}/node_modules/typescript/bin/tsc`, '-p', library]);
  await quietly('Copying what is no TypeScript', node24, [`${library}/scripts/copy-assets.mjs`]);
  removeLeftOvers();
  writeFileSync(stamp, digest);
}
