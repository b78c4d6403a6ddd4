import { existsSync, readFileSync } from 'node:fs';
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
 * What npm wrote down when it last installed is compared with the lockfile, package by package.
 *
 * @returns {boolean}
 */
function isInstalled() {
  const written = `${root}/node_modules/.package-lock.json`;
  if (![written, node24, node22].every((file) => existsSync(file))) return false;
  const installed = packagesOf(written);
  return Object.entries(packagesOf(`${root}/package-lock.json`)).every(([path, locked]) => {
    if (!path.includes('node_modules/')) return true;
    const found = installed[path];
    return found ? found.version === locked.version : locked.optional === true;
  });
}

/** Installs what the lockfile says, if that isn't there already. */
export async function installPackages() {
  if (isInstalled()) return;
  await quietly('Installing packages (npm ci)', 'npm', ['ci', '--no-progress'], { cwd: root });
  if (!isInstalled()) throw new Refusal('npm ci left out a package; were install scripts switched off?');
}
