// Prepares a clone: installs the packages, builds the library and the command line, and with --programs installs the
// programs for the tests. It runs on the system's Node and needs no package, since none may be installed yet.

import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildPackages } from './prepare/build.mjs';
import { installPackages } from './prepare/packages.mjs';
import { runScript } from './prepare/process.mjs';
import { ensurePrograms } from './prepare/programs.mjs';

export async function prepare() {
  await installPackages();
  await buildPackages();
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    await prepare();
    if (argv.includes('--programs')) await ensurePrograms();
  });
}
