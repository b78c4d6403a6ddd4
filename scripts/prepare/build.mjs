import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { inlineTexts } from '../../packages/latchkey/scripts/inline-texts.mjs';
import { quietly } from './process.mjs';
import { node24, root } from './root.mjs';

const library = `${root}/packages/latchkey`;
const cli = `${root}/packages/cli`;

/** @typedef {{ title: string, folder: string, settings: readonly string[] }} Built a package, and what it depends on */

/** @type {Built} */
const libraryBuild = {
  title: 'Building the library',
  folder: library,
  settings: [`${library}/tsconfig.json`, `${library}/tsconfig.cjs.json`],
};

/** @type {Built} */
const cliBuild = {
  title: 'Building the command line',
  folder: cli,
  settings: [`${cli}/tsconfig.json`, `${cli}/package.json`],
};

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

/** @param {Built} build */
function digestOfSources({ folder, settings }) {
  const hash = createHash('sha256');
  const all = [
    `${root}/tsconfig.base.json`,
    ...settings,
    ...filesIn(`${folder}/scripts`),
    `${root}/node_modules/typescript/package.json`,
    ...filesIn(`${folder}/src`),
  ];
  for (const file of all) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} folder */
const stampOf = (folder) => `${root}/node_modules/.${basename(folder)}-sources`;

/**
 * Compiles a package if its sources changed since the last time.
 *
 * @param {Built} build
 */
async function buildIfChanged(build) {
  const { title, folder } = build;
  const stamp = stampOf(folder);
  const digest = digestOfSources(build);
  if (existsSync(`${folder}/dist`) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  rmSync(stamp, { force: true });
  await quietly(title, node24, [`${folder}/scripts/build.mjs`]);
  writeFileSync(stamp, digest);
}

/** Compiles the library and the command line, each if its sources changed since the last time. */
export async function buildPackages() {
  inlineTexts();
  await buildIfChanged(libraryBuild);
  await buildIfChanged(cliBuild);
}
