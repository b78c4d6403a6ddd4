import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { quietly, Refusal } from './process.mjs';
import { node22, node24, root } from './root.mjs';

/**
 * @typedef {{ version?: string, resolved?: string, optional?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * @param {string} file
 * @returns {LockedPackages}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * Compares npm's record of the last installation with the lockfile, package by package.
 *
 * @param {string} folder
 * @returns {boolean}
 */
function isInstalledIn(folder) {
  const written = `${folder}/node_modules/.package-lock.json`;
  if (!existsSync(written)) return false;
  const installed = packagesOf(written);
  return Object.entries(packagesOf(`${folder}/package-lock.json`)).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    return found ? found.version === locked.version : locked.optional === true;
  });
}

const isInstalled = () => isInstalledIn(root) && [node24, node22].every((file) => existsSync(file));

/** Installs the packages of the lockfile, unless they are installed. */
export async function installPackages() {
  if (isInstalled()) return;
  await quietly('Installing packages (npm ci)', 'npm', ['ci', '--no-progress'], { cwd: root });
  if (!isInstalled()) throw new Refusal('npm ci left out a package; were install scripts switched off?');
}

/**
 * Installs the packages of a separate project for tests, with its own lockfile. npm runs on the repository's Node,
 * since on an older one it may choose other packages.
 *
 * @param {string} name the project's folder in the repository
 */
export async function installProject(name) {
  const folder = `${root}/${name}`;
  if (isInstalledIn(folder)) return;
  const env = { ...process.env, PATH: [dirname(node24), process.env['PATH']].join(delimiter) };
  await quietly(`Installing packages of ${name} (npm ci)`, 'npm', ['ci', '--no-progress'], { cwd: folder, env });
  if (!isInstalledIn(folder)) throw new Refusal(`npm ci left out a package of ${name}`);
}
