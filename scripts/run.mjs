// Runs a program of this repository on the repository's own Node, and passes signals on to it:
// node scripts/run.mjs FILE [ARGUMENTS]

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installProject } from './prepare/packages.mjs';
import { runScript } from './prepare/process.mjs';
import { node24, root } from './prepare/root.mjs';
import { prepare } from './prepare.mjs';

/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Ctrl-C in a terminal arrives twice, from the terminal and from npm: a second signal of the same kind within a moment
 * is dropped. The child has a separate process group, so it only gets signals from here.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function passSignalsOn(child) {
  for (const signal of signals) {
    let last = Number.NEGATIVE_INFINITY;
    process.on(signal, () => {
      if (performance.now() - last > 500) child.kill(signal);
      last = performance.now();
    });
  }
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
function runOnOwnNode(args) {
  const child = spawn(node24, args, { cwd: root, stdio: 'inherit', detached: true });
  passSignalsOn(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Installs the packages of the program's project, if it has its own lockfile.
 *
 * @param {string} file
 */
async function installProjectOf(file) {
  const [folder = ''] = file.split('/');
  if (existsSync(`${root}/${folder}/package-lock.json`)) await installProject(folder);
}

await runScript(async () => {
  const [file = '', ...args] = process.argv.slice(2);
  await prepare();
  await installProjectOf(file);
  return runOnOwnNode([file, ...args]);
});
