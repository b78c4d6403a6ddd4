// Brings a clone into a state in which everything else can run: packages, build, and a browser if one is asked for.
// It runs on the system's Node and needs no package, since none may be installed yet.

import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureChromium } from './prepare/browser.mjs';
import { buildLibrary } from './prepare/build.mjs';
import { installPackages } from './prepare/packages.mjs';
import { runScript } from './prepare/process.mjs';

export async function prepare() {
  await installPackages();
  await buildLibrary();
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    await prepare();
    if (argv.includes('--browser')) await ensureChromium();
  });
}
