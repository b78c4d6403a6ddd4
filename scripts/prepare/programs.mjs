import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { quietly, Refusal } from './process.mjs';

/**
 * @typedef {object} Program
 * @property {string} debianPackage or several, with spaces between them
 * @property {readonly string[]} commands what it may be called
 * @property {string} [variable] the environment variable that names it
 */

/** @type {Program} */
const chromiumProgram = {
  debianPackage: 'chromium',
  commands: ['chromium', 'chromium-browser', 'google-chrome'],
  variable: 'CHROMIUM',
};

/**
 * The programs that check the protocol's model: spin and a C compiler.
 *
 * @type {readonly Program[]}
 */
const modelPrograms = [
  { debianPackage: 'gcc libc6-dev', commands: ['gcc'] },
  { debianPackage: 'spin', commands: ['spin'] },
];

/** @type {readonly Program[]} */
const programs = [
  chromiumProgram,
  // Its functions are in no folder of programs, but this one is.
  { debianPackage: 'bash-completion', commands: ['dh_bash-completion'] },
  { debianPackage: 'default-jre-headless', commands: ['java'] },
  { debianPackage: 'fish', commands: ['fish'] },
  { debianPackage: 'mariadb-server', commands: ['mariadb-install-db'] },
  { debianPackage: 'pgbouncer', commands: ['pgbouncer'] },
  { debianPackage: 'postgresql', commands: ['initdb'] },
  { debianPackage: 'python3', commands: ['python3'] },
  { debianPackage: 'redis-server', commands: ['redis-server'] },
  { debianPackage: 'redis-tools', commands: ['redis-cli'] },
  { debianPackage: 'zsh', commands: ['zsh'] },
  ...modelPrograms,
];

/** On Debian servers are only in root's PATH, and PostgreSQL's in no PATH. */
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
  const args = ['install', '-qy', '--no-install-recommends', ...names.flatMap((name) => name.split(' '))];
  const install = () => quietly(`Installing Debian's ${names.join(', ')}`, 'apt-get', args, { env });
  await withoutServices(install);
}

/**
 * Debian's packages start their servers on installation unless this file forbids it. The tests start their own.
 *
 * @template T
 * @param {() => Promise<T>} install
 */
async function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  // An interrupt also reaches the installer; this process continues in order to remove the file.
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

/** @param {readonly Program[]} wanted */
function missing(wanted) {
  return wanted.filter((program) => find(program) === undefined).map(({ debianPackage }) => debianPackage);
}

/**
 * @param {readonly Program[]} wanted
 * @returns {Promise<string[]>} the Debian packages that are still missing
 */
async function install(wanted) {
  const absent = missing(wanted);
  if (absent.length > 0 && isRootOnDebian) await installOnDebian(absent);
  return missing(wanted);
}

/**
 * Finds the programs that the tests need, and installs Debian's if possible.
 *
 * @returns {Promise<{ chromium: string }>} where it is
 */
export async function ensurePrograms() {
  const still = await install(programs);
  const chromium = find(chromiumProgram);
  if (still.length === 0 && chromium !== undefined) return { chromium };
  const browser = still.includes('chromium') ? ', or set CHROMIUM to another browser like it' : '';
  throw new Refusal(`The tests need what is missing here; on Debian: apt-get install ${still.join(' ')}${browser}`);
}

/** Finds the programs that check the protocol's model, and installs Debian's if possible. */
export async function ensureModelPrograms() {
  const still = await install(modelPrograms);
  if (still.length > 0) throw new Refusal(`The model needs, on Debian: apt-get install ${still.join(' ')}`);
}
