import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { quietly, Refusal } from './process.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

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

function findChromium() {
  const wanted = process.env['CHROMIUM'];
  if (wanted === undefined) return names.map(locate).find((path) => path !== undefined);
  const found = locate(wanted);
  if (found === undefined) throw new Refusal(`CHROMIUM is set to ${wanted}, which is not there.`);
  return found;
}

async function installOnDebian() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await quietly('Reading the list of Debian packages', 'apt-get', ['update', '-q'], { env });
  await quietly('Installing Debian’s chromium', 'apt-get', ['install', '-qy', '--no-install-recommends', 'chromium'], {
    env,
  });
}

/**
 * Finds a Chromium, or installs Debian's where that is possible.
 *
 * @returns {Promise<string>} the path of its program
 */
export async function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  const isRootOnDebian = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (isRootOnDebian) await installOnDebian();
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Refusal(
    'The tests need Chromium: install it (on Debian: apt-get install chromium) or set CHROMIUM to its path.',
  );
}
