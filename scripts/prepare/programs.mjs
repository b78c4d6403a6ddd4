import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { quietly, Refusal } from './process.mjs';

/**
 * @typedef {object} Program
 * @property {string} debianPackage
 * @property {readonly string[]} commands what it may be called
 * @property {string} [variable] the environment variable that names it
 */

/** @type {Program} */
const chromiumProgram = {
  debianPackage: 'chromium',
  commands: ['chromium', 'chromium-browser', 'google-chrome'],
  variable: 'CHROMIUM',
};

/** @type {readonly Program[]} */
const programs = [
  chromiumProgram,
  { debianPackage: 'default-jre-headless', commands: ['java'] },
  { debianPackage: 'mariadb-server', commands: ['mariadb-install-db'] },
  { debianPackage: 'pgbouncer', commands: ['pgbouncer'] },
  { debianPackage: 'postgresql', commands: ['initdb'] },
  { debianPackage: 'redis-server', commands: ['redis-server'] },
  { debianPackage: 'redis-tools', commands: ['redis-cli'] },
];

/** Debian keeps servers out of the PATH of those who are not root, and PostgreSQL's out of everybody's. */
const serverFolders = () => ['/usr/sbin', '/usr/local/sbin', ...postgresFolders()];

function postgresFolders() {
  const versions = '/usr/lib/postgresql';
  return existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : [];
}

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
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...serverFolders()];
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
  const install = () => quietly(`Installing Debian's ${names.join(', ')}`, 'apt-get', args, { env });
  await withoutServices(install);
}

/**
 * Debian's packages start their servers when they are installed, unless this file says no. The tests start their own.
 *
 * @template T
 * @param {() => Promise<T>} install
 */
async function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  // An interrupt reaches the installer as well; this process outlives it, to take the file away.
  const outlive = () => {};
  process.on('SIGINT', outlive);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  try {
    return await install();
  } finally {
    rmSync(policy);
    process.off('SIGINT', outlive);
  }
}

function missing() {
  return programs.filter((program) => find(program) === undefined).map(({ debianPackage }) => debianPackage);
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
  const chromium = find(chromiumProgram);
  if (still.length === 0 && chromium !== undefined) return { chromium };
  const browser = still.includes('chromium') ? ', or set CHROMIUM to another browser like it' : '';
  throw new Refusal(`The tests need what is missing here; on Debian: apt-get install ${still.join(' ')}${browser}`);
}
