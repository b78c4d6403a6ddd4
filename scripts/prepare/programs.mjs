import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { quietly, Refusal } from './process.mjs';

/**
 * @typedef {object} Program
 * @property {string} debianPackage
 * @property {readonly string[]} commands what it may be called
 * @property {string} [variable] the environment variable that names it
 */

/** @type {Record<'chromium' | 'mariadb' | 'redis', Program>} */
const programs = {
  chromium: {
    debianPackage: 'chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    variable: 'CHROMIUM',
  },
  mariadb: { debianPackage: 'mariadb-server', commands: ['mariadb-install-db'] },
  redis: { debianPackage: 'redis-server', commands: ['redis-server'] },
};

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} command */
function locate(command) {
  if (isAbsolute(command)) return isExecutable(command) ? command : undefined;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/** @param {Program} program */
function find({ commands, variable }) {
  const wanted = variable && process.env[variable];
  if (!wanted) return commands.map(locate).find((path) => path !== undefined);
  const found = locate(wanted);
  if (found === undefined) throw new Refusal(`${variable} is set to ${wanted}, which is not there.`);
  return found;
}

const isRootOnDebian = existsSync('/etc/debian_version') && process.getuid?.() === 0;

/** @param {readonly string[]} names of Debian packages */
async function installOnDebian(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await quietly('Reading the list of Debian packages', 'apt-get', ['update', '-q'], { env });
  const args = ['install', '-qy', '--no-install-recommends', ...names];
  await quietly(`Installing Debian's ${names.join(' and ')}`, 'apt-get', args, { env });
}

function missing() {
  const absent = Object.values(programs).filter((program) => find(program) === undefined);
  return absent.map(({ debianPackage }) => debianPackage);
}

/**
 * Finds the programs that the tests run, and installs Debian's where that is possible.
 *
 * @returns {Promise<{ chromium: string }>} where it is
 */
export async function ensurePrograms() {
  const absent = missing();
  if (absent.length > 0 && isRootOnDebian) await installOnDebian(absent);
  const still = missing();
  const chromium = find(programs.chromium);
  if (still.length === 0 && chromium !== undefined) return { chromium };
  const names = still.join(' ');
  throw new Refusal(`The tests need ${names}: install it (on Debian: apt-get install ${names}), or set CHROMIUM.`);
}
